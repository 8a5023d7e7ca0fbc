"""`python -m tpr.data import labelme`: every kind of shape, groups, pictures and defects."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.helpers.import_helpers import convert, masks, pictures

SIZE = (20, 30)


def area(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[rows, columns] = True
    return mask


def box(x0, y0, x1, y1, label="cat", group=1, **more) -> dict:
    points = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    return shape("polygon", points, label, group, **more)


def shape(kind, points, label="cat", group=1, **more) -> dict:
    own = {"label": label, "points": points, "group_id": group, "shape_type": kind, "flags": {}}
    return own | more


def record(*shapes, picture="0.jpg", size=SIZE, **more) -> dict:
    sides = {"imageHeight": size and size[0], "imageWidth": size and size[1]}
    own = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": picture}
    return own | {"imageData": None} | sides | more


@pytest.fixture
def frames(tmp_path):
    return pictures(tmp_path / "frames", "a/0.jpg", "a/1.jpg", "a/2.jpg", size=SIZE)


def write(tmp_path, files):
    """Writes {"a/0": record} as JSON files."""
    for name, content in files.items():
        path = tmp_path / "labels" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path / "labels"


def png(mask: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).convert("1").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def one(tmp_path, frames, *shapes) -> np.ndarray:
    """The mask of the only object of one frame."""
    dataset = convert(tmp_path, frames, "labelme", write(tmp_path, {"a/0": record(*shapes)}))
    (mask,) = masks(dataset, 0, 0).values()
    return mask


def test_polygons_and_rectangles_cover_what_they_enclose(tmp_path, frames):
    expected = area(slice(2, 8), slice(3, 11))
    np.testing.assert_array_equal(one(tmp_path, frames, box(3, 2, 11, 8)), expected)
    for corners in ([[3, 2], [11, 8]], [[11, 2], [3, 8]]):
        found = one(tmp_path, frames, shape("rectangle", corners))
        np.testing.assert_array_equal(found, expected)


def test_a_circle_is_its_centre_and_a_point_of_its_rim(tmp_path, frames):
    found = one(tmp_path, frames, shape("circle", [[15, 10], [15, 4]]))
    y, x = np.mgrid[:20, :30] + 0.5
    np.testing.assert_array_equal(found, np.hypot(x - 15, y - 10) <= 6)


def test_a_mask_lies_where_its_points_say_and_keeps_its_holes(tmp_path, frames):
    ring = np.ones((5, 6), bool)
    ring[1:4, 2:4] = False
    found = one(tmp_path, frames, shape("mask", [[7, 3], [12, 7]], mask=png(ring)))
    expected = np.zeros(SIZE, bool)
    expected[3:8, 7:13] = ring
    np.testing.assert_array_equal(found, expected)


def test_what_lies_outside_the_picture_is_cut_off(tmp_path, frames):
    expected = area(slice(15, 20), slice(25, 30))
    np.testing.assert_array_equal(one(tmp_path, frames, box(25, 15, 90, 80)), expected)
    mask = shape("mask", [[-2, -3], [3, 2]], mask=png(np.ones((6, 6), bool)))
    np.testing.assert_array_equal(one(tmp_path, frames, mask), area(slice(3), slice(4)))


def test_groups_are_tracks_and_their_shapes_in_a_picture_are_joined(tmp_path, frames, capsys):
    files = {
        "a/0": record(
            box(0, 0, 4, 4), box(10, 0, 14, 4), box(0, 10, 4, 14, "dog"), picture="0.jpg"
        ),
        "a/1": record(box(1, 0, 5, 4), box(20, 0, 22, 4, group=2), picture="1.jpg"),
        "a/2": record(picture="2.jpg"),
    }
    dataset = convert(tmp_path, frames, "labelme", write(tmp_path, files))
    assert [c.name for c in dataset.categories] == ["cat", "dog"]
    found = [(t.category_id, t.areas) for t in dataset.tracks(dataset.videos[0])]
    assert found == [(1, (32, 16, None)), (2, (16, None, None)), (1, (None, 8, None))]
    assert "1 x object in several parts: parts of one object in a frame" in capsys.readouterr().err


def test_a_label_without_groups_is_one_object_of_the_video(tmp_path, frames, capsys):
    files = {f"a/{t}": record(box(t, 0, t + 4, 4, group=None), picture=f"{t}.jpg") for t in (0, 1)}
    dataset = convert(tmp_path, frames, "labelme", write(tmp_path, files))
    (track,) = dataset.tracks(dataset.videos[0])
    assert track.areas == (16, 16)
    told = capsys.readouterr().err
    assert "1 x label without group_id: it is taken for one object of the video" in told
    assert "1 x frame without an annotation, left out" in told
    files["a/1"]["shapes"] += (box(9, 9, 12, 12, group=None),)
    assert convert(tmp_path, frames, "labelme", write(tmp_path, files)) is None
    error = capsys.readouterr().err
    assert "a/1.json: 2 shapes are labelled 'cat' and have no group_id: give each object" in error


def test_numbers_behind_a_label_tell_objects_if_the_label_alone_is_asked_for(
    tmp_path, frames, capsys
):
    files = {
        f"a/{t}": record(
            box(t, 0, t + 4, 4, "cat-1", None), box(9, 9, 12, 12, "cat-2", None), picture=f"{t}.jpg"
        )
        for t in (0, 1)
    }
    source = write(tmp_path, files)
    dataset = convert(tmp_path, frames, "labelme", source, "--categories", "cat")
    found = [(t.category_id, t.areas) for t in dataset.tracks(dataset.videos[0])]
    assert found == [(1, (16, 16)), (1, (9, 9))]
    capsys.readouterr()
    dataset = convert(tmp_path, frames, "labelme", source)
    assert [c.name for c in dataset.categories] == ["cat-1", "cat-2"]
    told = capsys.readouterr().err
    assert "4 x label that ends in a number: a category of its own; with --categories" in told


def test_shapes_of_single_images_are_objects_of_their_own(tmp_path, frames):
    both = [box(0, 0, 4, 4, group=None), box(9, 9, 12, 12, group=None)]
    files = {f"a/{t}": record(*both, picture=f"{t}.jpg") for t in (0, 1)}
    dataset = convert(tmp_path, frames, "labelme", write(tmp_path, files), "--single-images")
    assert [v.file_names for v in dataset.videos] == [("a/0.jpg",), ("a/1.jpg",)]
    assert [len(dataset.tracks(v)) for v in dataset.videos] == [2, 2]


def test_frames_without_a_file_are_kept_if_asked(tmp_path, frames):
    source = write(tmp_path, {"a/1": record(box(0, 0, 4, 4), picture="1.jpg")})
    dataset = convert(tmp_path, frames, "labelme", source, "--keep-unlabelled")
    assert dataset.tracks(dataset.videos[0])[0].areas == (None, 16, None)


@pytest.mark.parametrize(
    "path",
    [
        "0.jpg",
        "..\\..\\frames\\a\\0.jpg",
        "../../frames/a/0.jpg",
        "C:\\old\\0.jpg",
        "gone.jpg",
        None,
    ],
)
def test_pictures_are_found_by_path_name_or_stem(tmp_path, frames, path):
    source = write(tmp_path, {"a/0": record(box(0, 0, 4, 4), picture=path)})
    dataset = convert(tmp_path, frames, "labelme", source)
    assert dataset.videos[0].file_names == ("a/0.jpg",)


def test_files_of_one_folder_may_name_pictures_of_several_videos(tmp_path, frames):
    pictures(frames, "b/0.jpg", size=SIZE)
    files = {
        f"{name}_0": record(box(0, 0, 4, 4), picture=f"../frames/{name}/0.jpg") for name in "ab"
    }
    dataset = convert(tmp_path, frames, "labelme", write(tmp_path, files))
    assert [v.file_names for v in dataset.videos] == [("a/0.jpg",), ("b/0.jpg",)]


def test_one_video_may_lie_beside_its_pictures(tmp_path, capsys):
    folder = pictures(tmp_path / "labels", "10.jpg", "2.jpg", size=SIZE)
    write(tmp_path, {name: record(box(0, 0, 4, 4), picture=f"{name}.jpg") for name in ("10", "2")})
    (folder / "labels.csv").touch()
    dataset = convert(tmp_path, folder, "labelme", folder)
    told = capsys.readouterr().err
    assert f"note: {folder}: left out .csv files: 1\n" in told and ".jpg files" not in told
    assert dataset.videos[0].file_names == ("2.jpg", "10.jpg")


def test_annotations_are_of_the_upright_picture(tmp_path, frames, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", SIZE).save(frames / "a" / "0.jpg", exif=exif)  # stored 20 wide, 30 high
    expected = area(slice(2, 8), slice(3, 11))
    np.testing.assert_array_equal(one(tmp_path, frames, box(3, 2, 11, 8)), expected)
    source = write(tmp_path, {"a/0": record(size=SIZE[::-1])})
    assert convert(tmp_path, frames, "labelme", source) is None
    assert "image is 30 x 20 once turned upright as its EXIF says" in capsys.readouterr().err


def test_a_size_that_is_missing_is_the_picture_s(tmp_path, frames):
    source = write(tmp_path, {"a/0": record(box(0, 0, 4, 4), size=None)})
    assert convert(tmp_path, frames, "labelme", source).videos[0].height == 20


def test_what_is_no_object_is_counted(tmp_path, frames, capsys):
    shapes = [
        box(0, 0, 4, 4, flags={"blurred": True}),
        shape("point", [[1, 1]]),
        shape("linestrip", [[1, 1], [3, 3]]),
        box(0, 0, 9, 9, "__ignore__"),
        box(0, 0, 9, 9, "dog"),
    ]
    source = write(tmp_path, {"a/0": record(*shapes)})
    dataset = convert(tmp_path, frames, "labelme", source, "--categories", "bird,cat")
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "bird"), (2, "cat")]
    (track,) = dataset.tracks(dataset.videos[0])
    assert track.category_id == 2
    told = capsys.readouterr().err
    assert "2 x label that is no category: left out (the first: " in told
    assert "2 x shape without an area: left out" in told and "1 x flag of labelme" in told


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/0": []}, 'a/0.json: not a labelme file (no list "shapes")'),
        ({"a/0": record(box(0, 0, 4, 4, label=None))}, "a/0.json: shape 0: its label is None"),
        ({"a/0": record(shape("polygon", [[0, 0], [4, 4]]))}, "shape 0 ('cat'): a polygon is not"),
        ({"a/0": record(shape("circle", [[0, 0]]))}, "a circle has 1 points, not 2"),
        ({"a/0": record(shape("star", [[0, 0]]))}, "shape_type 'star' is not known"),
        ({"a/0": record(shape("polygon", [[0, "x"]] * 3))}, "\"y\" is 'x', not a number"),
        ({"a/0": record(shape("polygon", [1, 2, 3]))}, '"points" is not a list of [x, y]'),
        ({"a/0": record(shape("rectangle", [[0, 0], [1e300, 9]]))}, "absurdly large coordinates"),
        ({"a/0": record(shape("mask", [[0, 0], [1, 1]], mask="%"))}, "is not a PNG in base64"),
        ({"a/0": record(shape("mask", [[0, 0], [1, 1]]))}, "is not a PNG in base64"),
        (
            {"a/0": record(shape("mask", [[0, 0], [1, 1]], mask=png(np.ones((21, 2)))))},
            "it is 2 x 21, larger than the picture",
        ),
        ({"a/0": record(box(0, 0, 4, 4, group=[1]))}, '"group_id" is [1], not an integer'),
        ({"a/0": record(size=(9, 9))}, "image is 30 x 20"),
        ({"a/7": record(picture="7.jpg")}, "and frames/a has none called 7"),
        ({"a/0": record(), "a/1": record()}, "a/1.json: its imagePath is the picture of"),
        ({"b/0": record(picture=None)}, "frames/b has none called 0"),
        ({}, "labels: no such folder"),
    ],
)
def test_defects_are_one_line_that_names_the_file(tmp_path, frames, capsys, files, message):
    assert convert(tmp_path, frames, "labelme", write(tmp_path, files)) is None
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert message in error.replace(f"{tmp_path}/", "")
    assert not (tmp_path / "out.json").exists()
