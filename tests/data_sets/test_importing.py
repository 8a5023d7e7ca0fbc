"""`python -m tpr.data import`: YouTube-VIS and COCO-style files, checks, links and outputs."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.helpers.import_helpers import SIZE, block, convert, masks, pictures
from tpr.data.__main__ import main
from tpr.data.rle import encode


@pytest.fixture
def frames(tmp_path):
    """Pictures of two frames of the videos "a" and "b"."""
    return pictures(tmp_path / "frames", "a/00.jpg", "a/01.jpg", "b/00.jpg", "b/01.jpg")


def per_image() -> dict:
    """A CocoVID file of one video, its images out of order, its track ids not those of the file."""
    polygon = [[0, 1, 2, 1, 2, 3, 0, 3]]
    annotation = {"id": 5, "category_id": 3, "instance_id": 9}
    return {
        "videos": [{"id": 2, "name": "a", "width": 6, "height": 4}],
        "categories": [{"id": 3, "name": "cat"}],
        "images": [
            {"id": 8, "video_id": 2, "frame_id": 1, "file_name": "a/01.jpg"},
            {"id": 7, "video_id": 2, "frame_id": 0, "file_name": "a/00.jpg"},
        ],
        "annotations": [
            {**annotation, "image_id": 8, "segmentation": encode(block(2, 5))},
            {**annotation, "id": 6, "image_id": 7, "segmentation": polygon},
        ],
    }


def written(tmp_path, record):
    path = tmp_path / "source.json"
    path.write_text(json.dumps(record))
    return path


def test_annotations_by_image_are_gathered_to_tracks(tmp_path, frames):
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, per_image()))
    (track,) = dataset.tracks(dataset.videos[0])
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/01.jpg")
    assert track.category_id == 3 and track.areas == (4, 6)
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], block(2, 5))


def test_parts_of_an_object_in_an_image_are_joined(tmp_path, frames, capsys):
    record = per_image()
    record["annotations"][0]["image_id"] = 7
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 5))
    assert "1 x object in several parts: parts of one object" in capsys.readouterr().err


def broken_part(record):
    record["annotations"][0]["image_id"] = 7
    record["annotations"][1]["segmentation"] = "a"


def of_cvat(*track_ids) -> dict:
    """COCO 1.0 as CVAT writes it: no videos, images in any order; an annotation an image."""
    record = per_image()
    del record["videos"]
    for image in record["images"]:
        del image["video_id"], image["frame_id"]
        image |= {"width": 6, "height": 4}
    for entry, track in zip(record["annotations"], track_ids, strict=True):
        del entry["instance_id"]
        entry["attributes"] = {"occluded": False} | ({"track_id": track} if track else {})
    return record


def test_cvat_s_coco_has_its_tracks_in_attributes(tmp_path, frames, capsys):
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, of_cvat(3, 3)))
    (track,) = dataset.tracks(dataset.videos[0])
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/01.jpg") and track.areas == (4, 6)
    assert capsys.readouterr().err == ""
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, of_cvat(3, None)))
    assert [t.areas for t in dataset.tracks(dataset.videos[0])] == [(None, 6), (4, None)]
    expected = "1 x object in one frame only, without a track id: a track of one frame"
    assert expected in capsys.readouterr().err


def test_images_without_track_ids_are_taken_one_by_one(tmp_path, frames, capsys):
    source = written(tmp_path, of_cvat(None, None))
    assert convert(tmp_path, frames, "coco", source) is None
    assert "no annotation has a track id" in capsys.readouterr().err
    dataset = convert(tmp_path, frames, "coco", source, "--single-images")
    assert [v.file_names for v in dataset.videos] == [("a/00.jpg",), ("a/01.jpg",)]
    assert [len(dataset.tracks(v)) for v in dataset.videos] == [1, 1]


def test_boxes_without_a_segmentation_are_told(tmp_path, frames, capsys):
    record = of_cvat(3, 3)
    record["annotations"][0] |= {"segmentation": [], "bbox": [0, 0, 2, 2]}
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    assert dataset.tracks(dataset.videos[0])[0].areas == (4, None)
    assert "1 x entry without a segmentation: the object is not there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("crowds", "is_crowd", "note"),
    [
        ((0, 0), False, None),
        ((None, 1), False, "1 x crowd in some frames of an object: the track stays an object"),
        ((1, 1), True, "1 x crowd: left out of training"),
    ],
)
def test_a_track_is_a_crowd_where_all_its_masks_are(
    tmp_path, frames, capsys, crowds, is_crowd, note
):
    record = per_image()
    for entry, crowd in zip(record["annotations"], crowds, strict=True):
        entry["iscrowd"] = crowd
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    (track,) = dataset.tracks(dataset.videos[0])
    assert track.iscrowd == is_crowd
    told = capsys.readouterr().err
    assert f"note: {note}" in told if note else not told


def test_backslashes_of_windows_become_folders(tmp_path, frames, capsys):
    record = per_image()
    for image in record["images"]:
        image["file_name"] = image["file_name"].replace("/", "\\")
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/01.jpg")
    assert "note: 2 x file name with backslashes" in capsys.readouterr().err


def test_a_data_set_without_tracks_is_told(tmp_path, frames, capsys):
    source = written(tmp_path, per_image() | {"annotations": []})
    assert convert(tmp_path, frames, "coco", source) is not None
    assert "note: the data set has no tracks" in capsys.readouterr().err


def test_a_youtube_vis_file_comes_back_with_compressed_masks(tmp_path, frames):
    runs = {"size": list(SIZE), "counts": [5, 2, 2, 2, 13]}
    track = {"id": 4, "video_id": 1, "category_id": 1, "segmentations": [runs, None]}
    empty = {**track, "id": 5, "segmentations": [None, {}]}
    video = {"id": 1, "width": 6, "height": 4, "file_names": ["a/00.jpg", "a/01.jpg"]}
    categories = [{"id": 1, "name": "cat"}]
    record = {"videos": [video], "categories": categories, "annotations": [track, empty]}
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    (found,) = dataset.tracks(dataset.videos[0])
    assert found.segmentations == (encode(block(1, 3)), None) and found.areas == (4, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["annotations"][0].pop("instance_id"), "instance_id and track_id are missing"),
        (lambda r: r["annotations"][0].update(image_id=1), 'image 1 is not in "images"'),
        (lambda r: r["annotations"][0].update(iscrowd="yes"), "\"iscrowd\" is 'yes', not 0 or 1"),
        (lambda r: broken_part(r), "annotation 6: segmentation is a str"),
        (lambda r: r["annotations"][1].update(category_id=4), "track 9 has several categories"),
        (lambda r: r["images"][0].update(frame_id=0), "video 2: its frames has id 0 twice"),
        (lambda r: r["images"][0].update(file_name="a/02.jpg"), "a/02.jpg: no such frame"),
        (lambda r: r["videos"][0].update(width=7), "image is 6 x 4, but the video is 7 x 4"),
    ],
)
def test_defects_are_one_line_and_write_nothing(tmp_path, frames, capsys, change, message):
    record = per_image()
    change(record)
    assert convert(tmp_path, frames, "coco", written(tmp_path, record)) is None
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not (tmp_path / "out.json").exists()


def test_file_names_written_on_windows_are_taken(tmp_path, frames):
    record = per_image()
    for image in record["images"]:
        image["file_name"] = image["file_name"].replace("/", "\\")
    dataset = convert(tmp_path, frames, "coco", written(tmp_path, record))
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/01.jpg")


def test_links_out_of_the_folder_are_followed_if_asked(tmp_path, frames, capsys):
    (frames / "a").rename(tmp_path / "elsewhere")
    (frames / "a").symlink_to(tmp_path / "elsewhere")
    source = written(tmp_path, per_image())
    assert convert(tmp_path, frames, "coco", source) is None
    assert "through a symbolic link: --follow-links allows it" in capsys.readouterr().err
    assert convert(tmp_path, frames, "coco", source, "--follow-links") is not None
    expected = f"note: {frames}: symbolic links were followed to pictures outside it: 2\n"
    assert capsys.readouterr().err == expected


def test_names_that_climb_out_stay_refused(tmp_path, frames, capsys):
    record = per_image()
    record["images"][0]["file_name"] = "../frames.jpg"
    source = written(tmp_path, record)
    assert convert(tmp_path, frames, "coco", source, "--follow-links") is None
    assert "leads out of the frame folder" in capsys.readouterr().err


def test_an_upright_annotation_fits_a_turned_picture_only(tmp_path, frames, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a/00", "a/01"):
        Image.new("RGB", SIZE).save(frames / f"{name}.jpg", exif=exif)  # stored 4 wide, 6 high
    assert convert(tmp_path, frames, "coco", written(tmp_path, per_image())) is not None
    record = per_image()
    record["videos"][0] |= {"width": 4, "height": 6}
    assert convert(tmp_path, frames, "coco", written(tmp_path, record)) is None
    assert "image is 6 x 4 once turned upright as its EXIF says" in capsys.readouterr().err


def test_annotations_and_pictures_are_not_overwritten(tmp_path, frames, capsys):
    source = written(tmp_path, per_image())
    before = source.read_bytes(), (frames / "a" / "00.jpg").read_bytes()
    for out in (source, frames / "a" / "00.jpg"):
        arguments = ["coco", str(source), "--frames", str(frames), "--out", str(out)]
        assert main(["import", *arguments]) == 1
        assert "is an input too and would be lost" in capsys.readouterr().err
    assert (source.read_bytes(), (frames / "a" / "00.jpg").read_bytes()) == before
