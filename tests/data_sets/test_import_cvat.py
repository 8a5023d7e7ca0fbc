"""`python -m tpr.data import cvat`: tracks, shapes, frames and tasks of CVAT's XML, and defects."""

import numpy as np
import pytest

from tests.helpers.import_helpers import convert, masks, pictures

SIZE = (20, 30)
META = """<meta><task><id>7</id><name>street</name><size>{size}</size><mode>interpolation</mode>
<start_frame>{start}</start_frame><stop_frame>9</stop_frame><frame_filter>{step}</frame_filter>
<labels><label><name>dog</name></label><label><name>cat</name></label></labels>
<original_size><width>30</width><height>20</height></original_size><source>clip.mp4</source>
</task></meta>"""


def area(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[rows, columns] = True
    return mask


def box(frame, x0, y0, x1, y1, outside=0, **more) -> str:
    rest = " ".join(f'{key}="{value}"' for key, value in more.items())
    place = f'frame="{frame}" outside="{outside}" occluded="0" keyframe="1"'
    return f'<box {place} xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}" {rest}/>'


def polygon(frame, points, outside=0) -> str:
    return f'<polygon frame="{frame}" outside="{outside}" points="{points}"><attribute/></polygon>'


def track(*shapes, label="cat", **more) -> str:
    rest = " ".join(f'{key}="{value}"' for key, value in more.items())
    return f'<track label="{label}" {rest}>{"".join(shapes)}</track>'


def export(tmp_path, *sections, size=4, start=0, step="", meta=META, name="labels/clip.xml"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    head = meta.format(size=size, start=start, step=step)
    text = f"<annotations><version>1.1</version>{head}{''.join(sections)}</annotations>"
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{text}', encoding="utf-8")
    return path


@pytest.fixture
def frames(tmp_path):
    names = [f"clip/frame_{t:06}.png" for t in range(4)]
    return pictures(tmp_path / "frames", *names, size=SIZE)


def areas_of(dataset) -> list[tuple]:
    return [track.areas for track in dataset.tracks(dataset.videos[0])]


def test_boxes_move_between_keyframes_and_leave(tmp_path, frames, capsys):
    shapes = [box(0, 0, 0, 4, 4), box(2, 10, 2, 14, 6), box(3, 10, 2, 14, 6, outside=1)]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(*shapes)))
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], area(slice(1, 5), slice(5, 9)))
    assert areas_of(dataset) == [(16, 16, 16, None)]
    assert "2 x box: the object's mask is the whole box" in capsys.readouterr().err
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "dog"), (2, "cat")]


def test_a_box_stays_until_it_leaves_and_may_come_back(tmp_path, frames):
    shapes = [box(0, 0, 0, 4, 4), box(2, 9, 9, 14, 14, outside=1), box(3, 0, 0, 2, 2)]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(*shapes)))
    assert areas_of(dataset) == [(16, 16, None, 4)]


def test_boxes_turn_the_shorter_way(tmp_path, frames):
    shapes = [box(0, 5, 5, 15, 9, rotation=350), box(2, 5, 5, 15, 9, rotation=190)]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(*shapes)))
    upright = masks(dataset, 0, 1)[1]  # at 270 degrees
    np.testing.assert_array_equal(upright, area(slice(2, 12), slice(8, 12)))


def test_polygons_are_taken_where_they_are_listed(tmp_path, frames, capsys):
    square = "2,3;8,3;8,7;2,7"
    shapes = [polygon(0, square), polygon(1, square), polygon(3, square)]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(*shapes)))
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], area(slice(3, 7), slice(2, 8)))
    assert areas_of(dataset) == [(24, 24, None, 24)]
    assert "1 x frame between keyframes without a shape" in capsys.readouterr().err


def test_masks_are_runs_row_by_row_in_their_box(tmp_path, frames):
    mask = '<mask frame="1" rle="1, 2, 3" left="4" top="5" width="3" height="2"/>'
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(mask)))
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], area(slice(5, 6), slice(5, 7)))


def test_ellipses_have_two_radii(tmp_path, frames):
    shape = '<ellipse frame="0" cx="15" cy="10" rx="8" ry="3" rotation="90"/>'
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, track(shape)))
    y, x = np.mgrid[:20, :30] + 0.5
    expected = ((x - 15) / 3) ** 2 + ((y - 10) / 8) ** 2 <= 1
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], expected)


def test_tracks_of_one_group_and_label_are_parts_of_one_object(tmp_path, frames, capsys):
    tracks = [
        track(box(0, 0, 0, 4, 4), group_id=3),
        track(box(0, 10, 0, 14, 4), group_id=3),
        track(box(0, 20, 0, 24, 4), group_id=3, label="dog"),
        track(box(0, 20, 10, 24, 14), group_id=0),
    ]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, *tracks))
    assert [a[0] for a in areas_of(dataset)] == [32, 16, 16]
    assert "1 x object in several parts" in capsys.readouterr().err


@pytest.mark.parametrize("whole_video", [False, True])
def test_frames_of_a_task_with_a_step_are_found(tmp_path, whole_video, capsys):
    names = range(8) if whole_video else (1, 4, 7)
    folder = pictures(tmp_path / "frames", *(f"clip/{n}.jpg" for n in names), size=SIZE)
    shapes = [box(1, 0, 0, 4, 4), box(7, 6, 0, 10, 4)]
    source = export(tmp_path, track(*shapes), size=3, start=1, step="step=3")
    dataset = convert(tmp_path, folder, "cvat", source)
    assert dataset.videos[0].file_names == ("clip/1.jpg", "clip/4.jpg", "clip/7.jpg")
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], area(slice(4), slice(3, 7)))
    told = capsys.readouterr().err
    assert ("5 x frame without an annotation, left out" in told) == whole_video


def test_pictures_that_are_not_as_many_as_frames_are_refused(tmp_path, frames, capsys):
    source = export(tmp_path, track(box(0, 0, 0, 4, 4)), size=9)
    assert convert(tmp_path, frames, "cvat", source) is None
    error = capsys.readouterr().err
    assert "clip.xml: the task has 9 frames (0 to 8), but" in error and "4 pictures" in error


@pytest.mark.parametrize("name", ["street", "other", ".", "images", "any"])
def test_the_folder_may_be_called_like_task_or_file_or_be_the_only_one(tmp_path, name):
    names = [f"{name}/{t}.jpg" for t in range(4)]
    folder = pictures(tmp_path / "frames", *names, size=SIZE)
    source = export(tmp_path, track(box(0, 0, 0, 4, 4)), name="other.xml")
    assert convert(tmp_path, folder, "cvat", source) is not None


def test_files_and_tasks_of_a_project_are_videos(tmp_path, frames):
    pictures(frames, *(f"b/{t}.jpg" for t in range(2)), size=SIZE)
    task = "<task><id>{}</id><name>{}</name><size>{}</size></task>"
    meta = f"<meta><project><tasks>{task.format(1, 'clip', 4)}{task.format(2, 'b', 2)}</tasks>"
    meta += "<labels><label><name>cat</name></label></labels></project></meta>"
    tracks = [track(box(1, 0, 0, 4, 4), task_id=2), track(box(3, 0, 0, 2, 2), task_id=1)]
    export(tmp_path, *tracks, meta=meta, name="labels/project.xml")
    export(tmp_path, track(box(0, 0, 0, 3, 3), label="dog"), name="labels/clip/annotations.xml")
    dataset = convert(tmp_path, frames, "cvat", tmp_path / "labels")
    assert [v.length for v in dataset.videos] == [4, 2, 4]
    assert [dataset.tracks(v)[0].areas for v in dataset.videos][1] == (None, 16)
    assert [c.name for c in dataset.categories] == ["cat", "dog"]


def test_what_has_no_area_or_no_frame_is_counted(tmp_path, frames, capsys):
    shapes = ['<points frame="0" points="1,1"/>', box(0, 0, 0, 4, 4), box(99, 0, 0, 4, 4)]
    other = track(box(0, 0, 0, 4, 4), label="dog")
    source = export(tmp_path, track(*shapes), other)
    dataset = convert(tmp_path, frames, "cvat", source, "--categories", "cat")
    assert areas_of(dataset) == [(16, 16, 16, 16)]  # it stays until the keyframe 99
    told = capsys.readouterr().err
    assert "1 x shape without an area" in told and "1 x label that is no category" in told
    assert "1 x shape on a frame that is not there" in told


def image(name, *shapes, size=SIZE) -> str:
    sides = f'width="{size[1]}" height="{size[0]}"'
    return f'<image id="0" name="{name}" {sides}>{"".join(shapes)}</image>'


def drawn(x, track_id=None, **more) -> str:
    rest = " ".join(f'{key}="{value}"' for key, value in more.items())
    inner = f'<attribute name="track_id">{track_id}</attribute>' if track_id else ""
    return f'<polygon label="cat" points="{x},0;{x + 4},0;{x + 4},4;{x},4" {rest}>{inner}</polygon>'


def test_images_of_a_folder_are_a_video_with_tracks_by_attribute(tmp_path, frames, capsys):
    images = [
        image("clip/frame_000001.png", drawn(1, 5), drawn(20)),
        image("clip/frame_000000.png", drawn(0, 5), drawn(10, 5), drawn(20, group_id=2)),
    ]
    dataset = convert(tmp_path, frames, "cvat", export(tmp_path, *images))
    assert dataset.videos[0].file_names == ("clip/frame_000000.png", "clip/frame_000001.png")
    assert areas_of(dataset) == [(32, 16), (16, None), (None, 16)]
    told = capsys.readouterr().err
    assert "2 x object in one frame only, without a track id" in told
    assert "2 x frame without an annotation, left out" in told


def test_the_folder_of_an_unpacked_export_will_do(tmp_path):
    folder = pictures(tmp_path / "frames", "images/clip/0.jpg", size=SIZE)
    dataset = convert(tmp_path, folder, "cvat", export(tmp_path, image("clip/0.jpg", drawn(0))))
    assert dataset.videos[0].file_names == ("images/clip/0.jpg",)


def test_images_without_tracks_are_taken_one_by_one(tmp_path, frames, capsys):
    images = [image(f"clip/frame_00000{t}.png", drawn(t), drawn(20)) for t in range(2)]
    source = export(tmp_path, *images)
    assert convert(tmp_path, frames, "cvat", source) is None
    assert "has an attribute track_id: export as CVAT for video 1.1" in capsys.readouterr().err
    dataset = convert(tmp_path, frames, "cvat", source, "--single-images")
    assert [len(dataset.tracks(v)) for v in dataset.videos] == [2, 2]


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;">]><annotations><x>&b;</x></annotations>'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty (0 bytes)"),
        ("{}", "not valid XML"),
        ("PK\x03\x04", "a zip file, not XML: unpack it first"),
        ("<annotations><track>", "not valid XML"),
        ("<html/>", "a web page, not XML: its address led to a login"),
        ("version https://git-lfs.github.com/spec/v1", "a git-LFS pointer, not XML"),
        ("<svg/>", "not an export of CVAT"),
        ("<annotations/>", "not an export of CVAT"),
        (LAUGHS, "has a document type"),
        (f"<annotations>{'<a>' * 99_999}", "nested more than 20 deep"),
        ('<?xml version="1.0" encoding="klingon"?><annotations/>', "not valid XML"),
    ],
)
def test_files_that_are_no_exports_are_named(tmp_path, frames, capsys, text, message):
    path = tmp_path / "clip.xml"
    path.write_text(text)
    assert convert(tmp_path, frames, "cvat", path) is None
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}: ") and message in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (track(box(0, "x", 0, 4, 4)), "xtl is 'x', not a number"),
        (track(box("a", 0, 0, 4, 4)), "frame is 'a', not a whole number"),
        (track(box(0, 0, 0, "nan", 4)), "a shape holds NaN or infinite coordinates"),
        (track(polygon(0, "1,1;inf,2;inf,3")), "NaN, infinite or absurdly large"),
        (track(polygon(0, "1,1;2")), "points '1,1;2' are not"),
        (track(polygon(0, "1,1;2,2")), "a polygon is not a list of at least three"),
        (track('<box frame="0" xtl="0"/>'), "ytl is None, not a number"),
        (track('<box xtl="0"/>'), "a box has no frame"),
        (
            track('<mask frame="0" rle="1,2" left="0" top="0" width="9" height="9"/>'),
            "the runs of a mask do not sum to its 9 x 9 pixels",
        ),
        (
            track('<mask frame="0" rle="1" left="0" top="0" width="999999" height="9"/>'),
            "a mask is 999999 x 9, larger than the picture",
        ),
        (track('<mask frame="0" rle="1"/>'), "a mask needs left, top, width and height"),
        (track(label=""), "track '0' has no label"),
        (image("clip/frame_000009.png"), "no such frame"),
        (image("../x.png"), "leads out of the frame folder"),
        (image("clip/frame_000000.png", size=(9, 9)), "image is 30 x 20"),
    ],
)
def test_defects_are_one_line_that_names_the_place(tmp_path, frames, capsys, section, message):
    source = export(tmp_path, section.replace("<track ", '<track id="0" '))
    assert convert(tmp_path, frames, "cvat", source) is None
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not (tmp_path / "out.json").exists()


def test_frames_of_another_size_than_the_task_says_are_named(tmp_path, frames, capsys):
    meta = META.replace("<width>30", "<width>60")
    source = export(tmp_path, track(box(0, 0, 0, 4, 4)), meta=meta)
    assert convert(tmp_path, frames, "cvat", source) is None
    assert "image is 30 x 20, but the video is 60 x 20" in capsys.readouterr().err


def test_a_folder_of_pictures_that_is_missing_is_named(tmp_path, capsys):
    folder = pictures(tmp_path / "frames", "elsewhere/0.jpg", "other/0.jpg", size=SIZE)
    source = export(tmp_path, track(box(0, 0, 0, 4, 4)))
    assert convert(tmp_path, folder, "cvat", source) is None
    assert f"no pictures of its video; looked in {folder / 'clip'}" in capsys.readouterr().err
