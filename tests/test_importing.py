"""`python -m tpr.data import`: other formats become YouTube-VIS files with the same masks."""

import json

import numpy as np
import pytest
from PIL import Image

from tpr.data.__main__ import main
from tpr.data.rle import encode
from tpr.data.youtube_vis import YouTubeVIS

SIZE = (4, 6)


def block(x0: int, x1: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[1:3, x0:x1] = True
    return mask


@pytest.fixture
def frames(tmp_path):
    """Pictures of two frames of the videos "a" and "b"."""
    for name in ("a/00", "a/01", "b/00", "b/01"):
        path = tmp_path / "frames" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(path)
    return tmp_path / "frames"


def id_maps(folder, maps, mode):
    """Writes {name: (H, W) ids} as PNG files of a PIL mode."""
    for name, ids in maps.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(ids.astype(np.uint16 if mode == "I;16" else np.uint8))
        if mode == "P":
            image.putpalette(list(range(256)) * 3)
        image.save(path)
    return folder


def convert(tmp_path, frames, kind, source, *more):
    out = tmp_path / "out.json"
    status = main(["import", kind, str(source), "--frames", str(frames), "--out", str(out), *more])
    return YouTubeVIS(out, frames) if status == 0 else None


def masks(dataset, video, t):
    """Track id to mask of one frame."""
    found = dataset.frame_instances(dataset.videos[video], t)
    return dict(zip(found.track_ids.tolist(), found.masks, strict=True))


def test_mots_ids_become_tracks_with_their_class(tmp_path, frames):
    first = 1001 * block(0, 2) + 2007 * block(3, 5)
    second = 2007 * block(2, 4) + 10_000 * block(5, 6)
    source = id_maps(tmp_path / "maps", {"a/00": first, "a/01": second}, "I;16")
    dataset = convert(tmp_path, frames, "mots", source)
    assert [c.name for c in dataset.categories] == ["car", "pedestrian"]
    (video,) = dataset.videos
    assert video.file_names == ("a/00.jpg", "a/01.jpg")
    crowds, objects = dataset.tracks(video)[:2], dataset.tracks(video)[2:]
    assert [(t.category_id, t.iscrowd) for t in crowds] == [(2, True), (1, True)]
    assert [(t.category_id, t.iscrowd) for t in objects] == [(1, False), (2, False)]
    np.testing.assert_array_equal(masks(dataset, 0, 0)[4], block(3, 5))
    np.testing.assert_array_equal(masks(dataset, 0, 1)[4], block(2, 4))
    assert objects[0].segmentations[1] is None and objects[0].areas == (4, None)
    assert objects[1].bboxes == ((3, 1, 2, 2), (2, 1, 2, 2))


def test_davis_palettes_leave_void_out(tmp_path, frames):
    maps = {"a/00": 1 * block(0, 2) + 2 * block(4, 6), "b/01": 2 * block(1, 2) + 255 * block(3, 6)}
    source = id_maps(tmp_path / "maps", maps, "P")
    dataset = convert(tmp_path, frames, "davis", source, "--categories", "thing")
    assert [v.file_names for v in dataset.videos] == [("a/00.jpg",), ("b/01.jpg",)]
    assert [len(dataset.tracks(v)) for v in dataset.videos] == [2, 1]
    np.testing.assert_array_equal(masks(dataset, 1, 0)[3], block(1, 2))


def test_grey_davis_masks_hold_one_object(tmp_path, frames):
    source = id_maps(tmp_path / "maps", {"a/00": 255 * block(0, 3)}, "L")
    dataset = convert(tmp_path, frames, "davis", source)
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 3))


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
        (lambda r: r["annotations"][0].update(image_id=7), "track 9 is in image 7 twice"),
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


def test_an_id_map_without_its_picture_is_named(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/07": block(0, 1)}, "P")
    assert convert(tmp_path, frames, "davis", source) is None
    assert "a/07.*: no picture for" in capsys.readouterr().err


def test_a_mots_id_of_an_unknown_class_is_named(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/00": 3001 * block(0, 1)}, "I;16")
    assert convert(tmp_path, frames, "mots", source) is None
    assert "a/00.png: id 3001 is of class 3, not 1 to 2" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["tif", "bmp", "PNG", "webp", "JPG"])
def test_pictures_of_every_kind_are_found_for_id_maps(tmp_path, ending):
    source = id_maps(tmp_path / "maps", {"v/2": block(0, 1), "v/10": block(2, 4)}, "P")
    (source / "v" / "10.png").rename(source / "v" / "10.PNG")
    frames = tmp_path / "pictures"
    for name in ("2", "10"):
        (frames / "v").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE[::-1]).save(frames / "v" / f"{name}.{ending}")
    dataset = convert(tmp_path, frames, "davis", source)
    assert dataset.videos[0].file_names == (f"v/2.{ending}", f"v/10.{ending}")
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], block(2, 4))


def test_videos_come_in_natural_order_and_what_is_left_out_is_told(tmp_path, frames, capsys):
    for name in ("a2/00", "a10/00"):
        id_maps(tmp_path / "maps", {name: block(0, 1)}, "P")
        id_maps(frames, {name: block(0, 1)}, "P")
    source = tmp_path / "maps"
    (source / "a2" / "._00.png").write_bytes(b"from a Mac")
    (source / "a2" / "01.png").symlink_to("gone.png")
    (source / "empty").mkdir()
    (source / "list.txt").touch()
    Image.new("RGB", SIZE[::-1]).save(frames / "a2" / "01.png")
    dataset = convert(tmp_path, frames, "davis", source)
    assert [v.file_names for v in dataset.videos] == [("a2/00.png",), ("a10/00.png",)]
    assert capsys.readouterr().err.splitlines() == [
        f"note: {source}: left out files beside the folders: 1",
        f"note: {source / 'a2'}: left out hidden files: 1, links that lead nowhere: 1",
        f"note: {frames / 'a2'}: pictures without an id map, left out: 1",
        f"note: {source / 'empty'}: left out, as it holds no id maps (.png)",
    ]


def test_transparency_of_id_maps_does_not_matter(tmp_path, frames):
    ids = np.stack([block(0, 3) * np.uint8(2), np.full(SIZE, 7, np.uint8)], -1)
    (tmp_path / "maps" / "a").mkdir(parents=True)
    Image.fromarray(ids, "LA").save(tmp_path / "maps" / "a" / "00.png")
    dataset = convert(tmp_path, frames, "davis", tmp_path / "maps")
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 3))


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
