"""The reader takes real YouTube-VIS and OVIS files and names what is wrong with broken ones."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tpr.data.rle import encode
from tpr.data.youtube_vis import YouTubeVIS

SQUARE = np.zeros((4, 6), bool)
SQUARE[1:3, 2:5] = True
RUNS = {"size": [4, 6], "counts": [9, 2, 2, 2, 2, 2, 5]}


def dataset(**changes) -> dict:
    """As real files are: ids with gaps, categories out of order, null frames."""
    return {
        "info": {},
        "videos": [
            {
                "id": 12,
                "width": 6,
                "height": 4,
                "length": 4,
                "file_names": ["a/00000.png", "a/00005.png", None, "a/00015.png"],
            },
            {"id": 5, "width": 6, "height": 4, "file_names": []},
        ],
        "categories": [{"id": 30, "name": "zebra"}, {"id": 4, "name": "ape"}],
        "annotations": [
            {
                "id": 80,
                "video_id": 12,
                "category_id": 30,
                "iscrowd": 0,
                "segmentations": [None, RUNS, encode(SQUARE), [[0, 0, 6, 0, 6, 4, 0, 4]]],
                "bboxes": [None, [2, 1, 3, 2], None, [0.0, 0.0, 6.0, 4.0]],
                "areas": [None, 6, None, 24],
            },
            {
                "id": 7,
                "video_id": 12,
                "category_id": 4,
                "iscrowd": 1,
                "segmentations": [None, encode(~SQUARE), encode(np.zeros((4, 6), bool)), []],
            },
        ],
    } | changes


def read(tmp_path, content=None) -> YouTubeVIS:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(dataset() if content is None else content))
    frames = tmp_path / "frames"
    (frames / "a").mkdir(parents=True, exist_ok=True)
    return YouTubeVIS(path, frames)


def test_videos_and_categories(tmp_path):
    ds = read(tmp_path)
    assert len(ds) == 2 and [video.id for video in ds.videos] == [12, 5]
    assert ds.videos[0].file_names[2] is None and ds.videos[1].length == 0
    assert [category.name for category in ds.categories] == ["ape", "zebra"]
    assert ds.category_index == {4: 0, 30: 1}
    assert ds.fingerprint == hashlib.sha256((tmp_path / "file.json").read_bytes()).hexdigest()


def test_tracks_fill_in_missing_boxes_and_areas(tmp_path):
    ds = read(tmp_path)
    first, second = ds.tracks(ds.videos[0])
    assert first.bboxes == (None, (2, 1, 3, 2), (2, 1, 3, 2), (0, 0, 6, 4))
    assert first.areas == (None, 6, 6, 24) and not first.iscrowd
    assert second.bboxes == (None, (0, 0, 6, 4), None, None)
    assert second.areas == (None, 18, 0, None) and second.iscrowd
    assert second.segmentations[3] is None
    assert ds.tracks(ds.videos[1]) == []


@pytest.mark.parametrize("frame", [1, 2])
def test_every_kind_of_segmentation_is_decoded(tmp_path, frame):
    ds = read(tmp_path)
    instances = ds.frame_instances(ds.videos[0], frame)
    np.testing.assert_array_equal(instances.masks[0], SQUARE)
    np.testing.assert_array_equal(instances.boxes[0], [2, 1, 5, 3])
    assert instances.boxes.dtype == np.float32


def test_only_objects_with_pixels_are_in_a_frame(tmp_path):
    ds = read(tmp_path)
    seen = [ds.frame_instances(ds.videos[0], t).track_ids.tolist() for t in range(4)]
    assert seen == [[], [80, 7], [80], [80]]
    empty = ds.frame_instances(ds.videos[0], 0)
    assert empty.masks.shape == (0, 4, 6) and empty.boxes.shape == (0, 4)
    both = ds.frame_instances(ds.videos[0], 1)
    assert both.classes.tolist() == [1, 0] and both.iscrowd.tolist() == [False, True]
    assert ds.frame_instances(ds.videos[0], 3).masks.all()


@pytest.mark.parametrize("content", [dataset(annotations=None), dataset()])
def test_validation_files_have_no_tracks(tmp_path, content):
    if content["annotations"]:
        del content["annotations"]
    ds = read(tmp_path, content)
    assert ds.tracks(ds.videos[0]) == []
    assert len(ds.frame_instances(ds.videos[0], 1).track_ids) == 0


# --- frames


def save(tmp_path, name="00000.png", size=(6, 4), **options):
    path = tmp_path / "frames" / "a" / name
    image = Image.effect_noise(size, 60).convert("RGB")
    image.save(path, **options)
    return path, image


def test_frames_are_rgb(tmp_path):
    ds = read(tmp_path)
    _, image = save(tmp_path)
    frame = ds.read_frame(ds.videos[0], 0)
    assert frame.dtype == np.uint8 and frame.flags.writeable
    np.testing.assert_array_equal(frame, np.asarray(image))


def test_grey_images_become_rgb(tmp_path):
    ds = read(tmp_path)
    Image.new("L", (6, 4), 9).save(tmp_path / "frames" / "a" / "00000.png")
    assert (ds.read_frame(ds.videos[0], 0) == 9).all()


def test_missing_absent_and_out_of_range_frames(tmp_path):
    ds = read(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"a/00005\.png: no such frame"):
        ds.read_frame(ds.videos[0], 1)
    with pytest.raises(ValueError, match="video 12 has no image for frame 2"):
        ds.read_frame(ds.videos[0], 2)
    for t in (4, -1):
        with pytest.raises(ValueError, match=f"video 12 has no frame {t} of 4"):
            ds.read_frame(ds.videos[0], t)


def test_images_of_another_size_are_refused(tmp_path):
    ds = read(tmp_path)
    save(tmp_path, size=(4, 6))
    with pytest.raises(ValueError, match=r"00000\.png: image is 4 x 6, but the video is 6 x 4"):
        ds.read_frame(ds.videos[0], 0)


@pytest.mark.parametrize("kept", [0, 1, 3, 50, 300, 700])
def test_truncated_images_are_refused(tmp_path, kept):
    content = dataset()
    content["videos"][0] |= {"width": 60, "height": 40}
    ds = read(tmp_path, content | {"annotations": []})
    path, _ = save(tmp_path, size=(60, 40), format="JPEG")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"00000\.png: (broken or truncated|empty)"):
        ds.read_frame(ds.videos[0], 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 255))
def test_damaged_images_never_end_otherwise_than_in_a_clear_error(tmp_path_factory, place, byte):
    tmp_path = tmp_path_factory.mktemp("damaged")
    content = dataset()
    content["videos"][0] |= {"width": 60, "height": 40}
    ds = read(tmp_path, content | {"annotations": []})
    path, _ = save(tmp_path, size=(60, 40), format="JPEG")
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        assert ds.read_frame(ds.videos[0], 0).shape == (40, 60, 3)
    except ValueError as error:
        assert "00000.png" in str(error)


@pytest.mark.parametrize(
    "name",
    ["../x.png", "a/../../x.png", "/etc/passwd", "..", "C:\\x.png", "..\\x.png", "a\0b", "", 5],
)
def test_file_names_that_leave_the_root_are_refused(tmp_path, name):
    content = dataset()
    content["videos"][0]["file_names"][0] = name
    with pytest.raises(
        ValueError, match="video 12: file name .* (leads out|is absolute|is not a path)"
    ):
        read(tmp_path, content)


def test_links_may_only_lead_inside_the_root(tmp_path):
    ds = read(tmp_path)
    save(tmp_path, "real.png")
    link = tmp_path / "frames" / "a" / "00000.png"
    link.symlink_to("real.png")
    assert ds.read_frame(ds.videos[0], 0).shape == (4, 6, 3)
    link.unlink()
    outside = tmp_path / "outside.png"
    Image.new("RGB", (6, 4)).save(outside)
    link.symlink_to(outside)
    with pytest.raises(ValueError, match="leads out of the frame folder"):
        ds.read_frame(ds.videos[0], 0)


def test_the_root_itself_may_be_a_link(tmp_path):
    read(tmp_path)
    save(tmp_path)
    (tmp_path / "linked").symlink_to("frames")
    ds = YouTubeVIS(tmp_path / "file.json", tmp_path / "linked")
    assert ds.read_frame(ds.videos[0], 0).shape == (4, 6, 3)


# --- broken files


def broken(path: str, value) -> dict:
    """The file with the field at e.g. "videos.0.width" replaced (or left out, for ...)."""
    content = dataset()
    *parents, key = [int(part) if part.isdigit() else part for part in path.split(".")]
    target = content
    for parent in parents:
        target = target[parent]
    if value is ...:
        del target[key]
    else:
        target[key] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("videos", ..., 'the file: "videos" is missing or not a list'),
        ("videos.0", 3, r'the file: "videos"\[0\] is not an object'),
        ("videos.0.id", ..., 'video 0: "id" is missing'),
        ("videos.1.id", 12, '"videos" has id 12 twice'),
        ("videos.0.width", 0, "video 12: size 0 x 4"),
        ("videos.0.height", 10**9, "video 12: size 6 x 1000000000"),
        ("videos.0.height", "4", "video 12: \"height\" is '4', not an integer"),
        ("videos.0.length", 3, 'video 12: "length" is 3, but file_names has 4'),
        ("videos.0.file_names", ..., 'video 12: "file_names" is missing'),
        ("categories", None, 'the file: "categories" is missing'),
        ("categories.1.id", 30, '"categories" has id 30 twice'),
        ("annotations", {}, 'the file: "annotations" is missing or not a list'),
        ("annotations.0.id", 7, '"annotations" has id 7 twice'),
        ("annotations.0.id", 2**63, "annotation 9223372036854775808: the id does not fit"),
        ("annotations.0.id", True, 'an annotation: "id" is True'),
        ("annotations.0.video_id", 99, 'annotation 80: video 99 is not in "videos"'),
        ("annotations.0.category_id", 1, 'annotation 80: category 1 is not in "categories"'),
        ("annotations.0.iscrowd", 2, 'annotation 80: "iscrowd" is 2'),
        ("annotations.0.segmentations", ..., 'annotation 80: "segmentations" is missing'),
        ("annotations.0.segmentations", [None], 'annotation 80: "segmentations" has 1 entries'),
        ("annotations.0.bboxes", [1, 2, 3, 4], "annotation 80: box 1 is not"),
        ("annotations.0.areas", [None, float("nan"), 1, 1], 'annotation 80: "areas" is nan'),
    ],
)
def test_broken_files_name_the_place(tmp_path, path, value, message):
    with pytest.raises(ValueError, match=rf"file\.json: {message}"):
        read(tmp_path, broken(path, value))


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ({"size": [4, 6], "counts": "1"}, "RLE counts cover 1 pixels, not 24"),
        ({"size": [6, 4], "counts": [24]}, r"RLE size is \[6, 4\], but the video is \[4, 6\]"),
        ({"size": [4, 6], "counts": [30, -6]}, "negative"),
        ({"size": [4, 6], "counts": [24.0]}, "not an integer"),
        ([[1, 2, 3]], "a polygon is not"),
        ([[1, 2, 3, 4, 5, float("inf")]], "a polygon holds NaN"),
        ("text", "segmentation is a str"),
    ],
)
def test_broken_masks_name_annotation_and_frame(tmp_path, segmentation, message):
    ds = read(tmp_path, broken("annotations.0.segmentations.2", segmentation))
    with pytest.raises(ValueError, match=rf"file\.json: annotation 80, frame 2: .*{message}"):
        ds.frame_instances(ds.videos[0], 2)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        YouTubeVIS(tmp_path / "none.json", tmp_path)
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match=r"list\.json: not an object"):
        YouTubeVIS(tmp_path / "list.json", tmp_path)
    with pytest.raises(FileNotFoundError, match="no such folder of frames"):
        YouTubeVIS(tmp_path / "list.json", tmp_path / "frames")
