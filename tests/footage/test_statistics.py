"""``python -m tpr.data statistics``: numbers of small scenes, its table, its JSON, its errors."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tpr.data.__main__ import main
from tpr.data.rle import encode
from tpr.footage.measures import MEASURES, View
from tpr.footage.statistics import statistics_of

HEIGHT, WIDTH = 90, 160
BOUNDS = (64, 128, 256, 512)


def square(x: int, y: int, side: int) -> dict:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + side, x : x + side] = True
    return encode(mask)


def file_of(*videos: list[list[dict | None]], **track: object) -> dict:
    """A YouTube-VIS file of lists of tracks, which are lists of masks."""
    annotations = [
        {"id": 0, "video_id": v, "category_id": 1, "iscrowd": 0, "segmentations": masks} | track
        for v, tracks in enumerate(videos, 1)
        for masks in tracks
    ]
    return {
        "videos": [
            {"id": v, "width": WIDTH, "height": HEIGHT, "length": len(tracks[0]) if tracks else 3}
            for v, tracks in enumerate(videos, 1)
        ],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{**one, "id": i} for i, one in enumerate(annotations, 1)],
    }


MOVING = [square(10, 10, 20), square(26, 10, 20), square(36, 0, 40)]


def means(record: dict, **view: object) -> dict[str, float | None]:
    found = statistics_of(record, View(**{"short_edge": 90, "ranges": BOUNDS} | view))
    return {name: one["mean"] for name, one in found["measures"].items()}


def test_motion_scale_and_deformation_of_a_square_that_moves_and_grows():
    found = means(file_of([MOVING]))
    # 16 pixels with a side of 20 behind it, then 20 with one of 40
    assert found["displacement_sizes"] == pytest.approx((16 / 20 + 20 / 40) / 2)
    assert found["displacement_p3"] == found["displacement_own_level"] == (16 + 20) / 2 / 8
    assert found["scale_change"] == 0.5  # once none, once a factor of 2
    assert found["centred_iou"] == pytest.approx((1 + 20**2 / 40**2) / 2)


def test_the_network_s_short_edge_scales_cells_and_sizes_and_moves_objects_up_the_levels():
    found = means(file_of([MOVING[:2]]), short_edge=720)
    assert found["displacement_p3"] == 8 * 16 / 8 and found["size"] == 8 * 20
    # half of a side of 160 pixels lies between 64 and 128: level P4, whose cells are twice as wide
    assert found["displacement_own_level"] == 8
    assert (
        means(file_of([MOVING[:2]]), short_edge=720, ranges=(80,))["displacement_own_level"] == 16
    )


def test_overlap_presence_and_numbers_count_only_what_is_seen():
    other, gone = [square(20, 10, 20), None, None], [None, None, None]
    found = statistics_of(file_of([MOVING, other, gone], []), View(90, BOUNDS))
    boxes = found["measures"]["box_overlap"]
    assert boxes["count"] == 3 and boxes["mean"] == pytest.approx(10 / 30 / 3, abs=1e-6)
    assert found["measures"]["mask_overlap"] == boxes
    assert found["measures"]["objects"]["mean"] == 2
    assert found["measures"]["presence"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["videos"] == 1 and found["notes"] == ["1 x video without tracks: left out"]


def test_every_second_frame_is_as_if_the_others_were_not_there():
    still = square(0, 0, 30)
    dropped = file_of([[MOVING[0], still, MOVING[1], still, MOVING[2]]])
    assert means(dropped, every=2) == means(file_of([MOVING]))


def test_frames_between_which_an_object_is_hidden_are_no_neighbours():
    found = statistics_of(file_of([[MOVING[0], None, MOVING[1]]]), View(90, BOUNDS))
    assert found["measures"]["displacement_p3"] == {"count": 0, "mean": None, "quartiles": None}
    assert found["measures"]["size"]["count"] == 2


def test_crowds_are_left_out_and_told():
    found = statistics_of(file_of([MOVING], iscrowd=1), View(90, BOUNDS))
    assert found["tracks"] == 0 and "1 x crowd: left out" in found["notes"]


def test_polygons_and_run_lists_are_masks_as_strings_are():
    corners = [10, 10, 30, 10, 30, 30, 10, 30]
    runs = {"size": [HEIGHT, WIDTH], "counts": [26 * 90 + 10, *[20, 70] * 19, 20]}
    runs["counts"].append(HEIGHT * WIDTH - sum(runs["counts"]))
    assert means(file_of([[[corners], runs, MOVING[2]]])) == means(file_of([MOVING]))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(file_of([MOVING])))
    return path


def test_two_files_stand_side_by_side_and_in_the_json(data, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["statistics", str(data), str(data), "--short-edge", "96", "--json", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("(1) ") and lines[1].startswith("(2) ")
    assert "levels up to 24 48 96 192" in lines[0] and len(lines) == 3 + len(MEASURES)
    first, second = json.loads(out.read_text())["data"]
    assert first == second and first["measures"]["presence"]["quartiles"] == [1, 1, 1, 1]


def test_id_maps_are_read_as_import_reads_them(tmp_path, capsys):
    for folder in ("maps/clip", "frames/clip"):
        (tmp_path / folder).mkdir(parents=True)
    for t, x in enumerate((2, 10)):
        ids = np.zeros((40, 60), np.uint8)
        ids[5:15, x : x + 10] = 1
        Image.fromarray(ids).save(tmp_path / f"maps/clip/{t}.png")
        Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / f"frames/clip/{t}.png")
    options = ["--format", "davis", "--frames", str(tmp_path / "frames"), "--short-edge", "40"]
    assert main(["statistics", str(tmp_path / "maps"), *options]) == 0
    row = next(r for r in capsys.readouterr().out.splitlines() if "cells of P3" in r)
    assert row.split()[-5:] == ["1.0"] * 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": None}, "no annotations, so there is nothing to measure"),
        ({"annotations": []}, "no annotations"),
        ({"videos": 3}, '"videos" is missing or not a list'),
        (file_of([[{"size": [HEIGHT, WIDTH], "counts": "!!"}]]), "annotation 1, frame 0"),
    ],
)
def test_what_cannot_be_measured_is_an_error_in_a_line(data, tmp_path, capsys, change, message):
    data.write_text(json.dumps(file_of([MOVING]) | change))
    out = tmp_path / "out.json"
    assert main(["statistics", str(data), "--json", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {data}: ") and message in error and error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("bounds", ["64,32", "0,8", "a", "", "8,8", "nan"])
def test_bounds_that_do_not_rise_are_refused(data, capsys, bounds):
    with pytest.raises(SystemExit):
        main(["statistics", str(data), "--ranges", bounds])
    assert "--ranges" in capsys.readouterr().err


def test_an_output_that_is_the_input_is_refused(data, capsys):
    before = data.read_bytes()
    assert main(["statistics", str(data), "--json", str(data)]) == 1
    assert "would be lost" in capsys.readouterr().err and data.read_bytes() == before
