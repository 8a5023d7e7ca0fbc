"""Overlays and contact sheets: constant colours, right places, clear errors."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from tpr.data.findings import Tally
from tpr.data.media.picture_writer import encode_image
from tpr.data.records import Track
from tpr.data.rle import encode
from tpr.data.youtube_vis import YouTubeVIS
from tpr.drawing.tracks import DrawnTrack, overlay, track_colour
from tpr.visualize import (
    comparison_sheet,
    frame_choice,
    main,
    matched_colours,
    predicted_tracks,
    track_iou,
    true_tracks,
)

HEIGHT, WIDTH, LENGTH = 40, 60, 4


def square(x, y=10, side=16):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + side, x : x + side] = True
    return mask


def track(*masks):
    return [None if mask is None else encode(mask) for mask in masks]


def entry(segmentations, score=0.9, category=7, video=1):
    found = {"video_id": video, "category_id": category, "score": score}
    return found | {"segmentations": segmentations}


def result(segmentations, score=0.9, category=7, video=1):
    return Track(0, video, category, segmentations, score=score)


@pytest.fixture
def dataset(tmp_path):
    """One grey video of four frames with a square that moves right; the last frame has no image."""
    root = tmp_path / "frames"
    (root / "a").mkdir(parents=True)
    names = [f"a/{t:05d}.jpg" for t in range(LENGTH - 1)] + [None]
    for name in names[:-1]:
        Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128)).save(root / name)
    video = {"id": 1, "width": WIDTH, "height": HEIGHT, "length": LENGTH, "file_names": names}
    moving = {"id": 3, "video_id": 1, "category_id": 7, "iscrowd": 0}
    moving |= {"segmentations": track(square(0), square(5), None, square(15))}
    crowd = moving | {"id": 4, "iscrowd": 1}
    for annotation in (moving, crowd):
        annotation |= {"bboxes": [None] * LENGTH, "areas": [None] * LENGTH}
    path = tmp_path / "val.json"
    categories = [{"id": 7, "name": "giraffe"}]
    path.write_text(
        json.dumps({"videos": [video], "annotations": [moving, crowd], "categories": categories})
    )
    return YouTubeVIS(path, root)


def test_colours_are_constant_and_differ():
    assert track_colour(3) == track_colour(3)
    assert len({track_colour(number) for number in range(50)}) == 50


def test_overlay_tints_inside_and_leaves_the_rest(dataset):
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    drawn = overlay(frame, [DrawnTrack("", (square(30),), (250, 0, 0))], 0, boxes=False)
    assert drawn[18, 38].tolist() == [183, 70, 70]  # 0.55 * 128 + 0.45 * colour
    assert drawn[35, 5].tolist() == [128, 128, 128]
    assert (frame == 128).all()


def test_overlay_enlarges_frame_and_mask_alike():
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    drawn = overlay(frame, [DrawnTrack("", (square(30),), (0, 250, 0))], 0, width=3 * WIDTH)
    assert drawn.shape == (3 * HEIGHT, 3 * WIDTH, 3)
    coloured = np.flatnonzero(drawn[3 * 20].any(axis=1))
    assert abs(int(coloured[0]) - 90) <= 1 and abs(int(coloured[-1]) - 137) <= 2


def test_overlay_of_absent_and_empty_masks_is_the_frame():
    frame = np.full((HEIGHT, WIDTH, 3), 9, np.uint8)
    tracks = [DrawnTrack("a", (None,), (1, 2, 3)), DrawnTrack("b", (square(0, side=0),), (1, 2, 3))]
    assert (overlay(frame, tracks, 0) == frame).all()


def test_true_tracks_leave_crowds_out(dataset):
    (only,) = true_tracks(dataset, dataset.videos[0])
    assert only.label == "giraffe"
    assert only.masks[2] is None and only.masks[1].sum() == 256


def test_iou_is_taken_over_the_whole_video():
    half = track_iou((square(0), square(0)), (square(0), None))
    assert half == 0.5
    assert track_iou((None,), (None,)) == 0.0


def test_prediction_takes_the_colour_of_its_true_track_once(dataset):
    truth = [
        DrawnTrack("", (square(0),), track_colour(0)),
        DrawnTrack("", (square(30),), track_colour(1)),
    ]
    masks = [(square(31),), (square(30),), (square(0),), (None,)]
    colours = matched_colours(masks, truth)
    assert colours[1] == track_colour(1) and colours[2] == track_colour(0)
    assert len(set(colours)) == 4


def test_predictions_are_thresholded_and_sorted(dataset):
    video = dataset.videos[0]
    results = [result([None] * LENGTH, score) for score in (0.2, 0.5, 0.9)]
    results.append(result([None] * LENGTH, video=2))
    results.append(result([None] * LENGTH, category=8))
    found = predicted_tracks(dataset, video, results, min_score=0.4)
    assert [one.label for one in found] == ["giraffe 0.90", "giraffe 0.50"]
    assert len(predicted_tracks(dataset, video, results, most=1)) == 1


def test_masks_that_do_not_fit_the_video_are_left_out_and_told(dataset):
    tally = Tally()
    half = encode(square(0)[::2, ::2])
    masks = [encode(square(0)), half, None, half, encode(square(0))]
    (found,) = predicted_tracks(dataset, dataset.videos[0], [result(masks)], report=tally.add)
    assert [mask is not None for mask in found.masks] == [True, False, False, False]
    (note,) = tally.notes()
    assert (note.kind, note.count) == ("mask of another size than its video", 2)
    with pytest.raises(ValueError, match=r"result 0 \(video 1\), frame 1: RLE size is \[20, 30\]"):
        predicted_tracks(dataset, dataset.videos[0], [result(masks)])


def test_frames_without_an_image_are_not_chosen(dataset):
    assert frame_choice(dataset.videos[0], 10) == [0, 1, 2]
    assert frame_choice(dataset.videos[0], 2) == [0, 2]


def test_sheet_has_a_row_for_the_truth_and_each_run(dataset):
    results = {"one": [result(track(square(0), None, None, None))], "two": []}
    sheet = comparison_sheet(dataset, results, dataset.videos, frames=3, cell_width=120)
    cell, head, margin, gap = 80, 18, 4, 14
    assert sheet.shape == (gap + 3 * (head + cell + margin), 3 * (120 + margin), 3)


def test_a_video_without_tracks_is_shown(dataset, tmp_path, capsys):
    record = json.loads(dataset.path.read_text()) | {"annotations": []}
    path, out = tmp_path / "empty.json", tmp_path / "sheet.png"
    path.write_text(json.dumps(record))
    assert main([str(path), str(dataset.frame_root), "--out", str(out)]) == 0
    assert Image.open(out).size == (3 * 244, 18 + 160 + 4 + 14)
    assert "note: 1 x data set without tracks: " in capsys.readouterr().err


def test_pictures_keep_their_colours_as_png():
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 0] = 200
    content = cv2.imdecode(np.frombuffer(encode_image(image, ".png"), np.uint8), cv2.IMREAD_COLOR)
    assert content[0, 0].tolist() == [0, 0, 200]  # OpenCV reads BGR


def test_command_line_writes_a_sheet(dataset, tmp_path, capsys):
    results = tmp_path / "results.json"
    results.write_text(json.dumps([entry(track(square(0), square(5), None, None))]))
    out = tmp_path / "sheet.png"
    assert main([str(dataset.path), str(dataset.frame_root), str(results), "--out", str(out)]) == 0
    assert Image.open(out).size[0] == 3 * 244
    assert sorted(p.name for p in tmp_path.glob("*sheet*")) == ["sheet.png"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("{}", [], "not a list of objects"),
        ("[", [], "not valid JSON"),
        ("[]", ["--video", "5"], "no video 5"),
        ("[]", ["--out", "sheet.nonsense"], "use .png or .jpg"),
        ("[]", ["--width", "1000000000"], "the sheet would be 3000000012 x "),
    ],
)
def test_command_line_errors_are_one_line(dataset, tmp_path, capsys, content, options, message):
    results = tmp_path / "results.json"
    results.write_text(content)
    arguments = [str(dataset.path), str(dataset.frame_root), str(results)]
    assert main([*arguments, "--out", str(tmp_path / "sheet.png"), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1


def test_a_broken_mask_names_its_file(dataset, tmp_path, capsys):
    record = json.loads(dataset.path.read_text())
    record["annotations"][0]["segmentations"][1] = encode(square(0)[::2])
    dataset.path.write_text(json.dumps(record))
    names = [str(dataset.path), str(dataset.frame_root)]
    assert main([*names, "--out", str(tmp_path / "sheet.png")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {dataset.path}: annotation 3, frame 1: RLE")
    results = tmp_path / "r.json"
    results.write_text(json.dumps([entry([{"size": [HEIGHT, WIDTH], "counts": "zz"}])]))
    record["annotations"] = []
    dataset.path.write_text(json.dumps(record))
    assert main([*names, str(results), "--out", str(tmp_path / "sheet.png")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {results}: result 0 (video 1), frame 0: RLE")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_results_in_any_encoding_are_drawn_and_oddities_told(dataset, tmp_path, capsys, encoding):
    odd = [entry(track(square(0))), entry(track(square(5)), category=9)]
    (tmp_path / "r.json").write_text(json.dumps(odd), encoding=encoding)
    names = [str(dataset.path), str(dataset.frame_root), str(tmp_path / "r.json")]
    assert main([*names, "--out", str(tmp_path / "sheet.png")]) == 0
    told = capsys.readouterr().err
    assert "note: 2 x masks for another number of frames:" in told
    assert "note: 1 x result of an unknown category:" in told and "note: 1 x crowd:" in told


def test_a_jpeg_is_not_larger_than_jpegs_can_be():
    with pytest.raises(ValueError, match="at most 65500 pixels a side, not 2 x 65501: use .png"):
        encode_image(np.zeros((65501, 2, 3), np.uint8), ".jpg")


@pytest.mark.parametrize("options", [["--width", "0"], ["--frames", "-1"], ["--videos", "x"]])
def test_counts_are_at_least_one(dataset, tmp_path, capsys, options):
    names = [str(dataset.path), str(dataset.frame_root), "--out", str(tmp_path / "sheet.png")]
    with pytest.raises(SystemExit):
        main([*names, *options])
    assert "is not a whole number from 1 to" in capsys.readouterr().err


def test_masks_as_large_as_no_picture_are_not_decoded(dataset, tmp_path, capsys):
    """At 16384 x 16384 the masks of a long video are more than any memory."""
    record = json.loads(dataset.path.read_text())
    record["videos"][0] |= {"width": 16384, "height": 16384}
    segmentations = [{"size": [16384, 16384], "counts": [0, 16384**2]}] * LENGTH
    record["annotations"][0]["segmentations"] = segmentations
    (tmp_path / "big.json").write_text(json.dumps(record))
    out = str(tmp_path / "sheet.png")
    assert main([str(tmp_path / "big.json"), str(dataset.frame_root), "--out", out]) == 1
    assert "image is 60 x 40, but the video is 16384 x 16384" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["val.json", "frames/a/00001.jpg", "linked.png", "folder.png"])
def test_no_input_and_no_folder_is_overwritten(dataset, tmp_path, capsys, place):
    (tmp_path / "linked.png").hardlink_to(dataset.path)
    (tmp_path / "folder.png").mkdir()
    before = dataset.path.read_bytes()
    names = [str(dataset.path), str(dataset.frame_root), "--out", str(tmp_path / place)]
    assert main(names) == 1
    error = capsys.readouterr().err
    assert (
        f"{place}: {'exists and is no file' if place == 'folder.png' else 'is an input too'}"
        in error
    )
    assert dataset.path.read_bytes() == before


def test_links_are_followed_if_asked(dataset, tmp_path, capsys):
    (dataset.frame_root / "a").rename(tmp_path / "elsewhere")
    (dataset.frame_root / "a").symlink_to(tmp_path / "elsewhere")
    names = [str(dataset.path), str(dataset.frame_root), "--out", str(tmp_path / "sheet.png")]
    assert main(names) == 1
    assert "through a symbolic link: --follow-links allows it" in capsys.readouterr().err
    assert main([*names, "--follow-links"]) == 0
    assert "symbolic links were followed to pictures outside it: 3" in capsys.readouterr().err


def test_drawing_needs_no_torch():
    code = "import sys, tpr.visualize; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
