"""Preparing YouTube-VIS and OVIS: every layout is found, every defect told by name and number."""

import json

import numpy as np
import pytest

from tests.helpers.ytvis_sets import LAYOUTS, content, mask, save, write
from tpr.data.__main__ import main
from tpr.data.findings import BrokenDataError
from tpr.data.prepared import open_split
from tpr.data.preparing.prepare import prepare
from tpr.data.youtube_vis import YouTubeVIS


def kinds(error: BrokenDataError) -> list[str]:
    return [finding.kind for finding in error.findings]


def problems(tmp_path, record, layout="archive 2019") -> list:
    """What a set with this training file is refused for."""
    write(tmp_path / "root", layout, record)
    with pytest.raises(BrokenDataError) as raised:
        prepare("ytvis2019", tmp_path / "root", tmp_path / "out")
    assert not (tmp_path / "out" / "index.json").exists()
    return [tuple(finding) for finding in raised.value.findings]


def read(out, part) -> YouTubeVIS:
    return YouTubeVIS(out / f"{part}.json", out / "frames" / part)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("inside", ["", "ytvis_2021", "YouTube-VIS-2021"])
def test_every_layout_is_recognised(tmp_path, layout, inside):
    root = write(tmp_path / "root" / inside, layout, content(6))
    index = prepare("ytvis2021", tmp_path / "root", tmp_path / "out", holdout=2)
    assert index["sources"]["train"]["json"].endswith(LAYOUTS[layout][0])
    assert (tmp_path / "out/frames/val").resolve() == (root / LAYOUTS[layout][1]).resolve()
    train, val = read(tmp_path / "out", "train"), read(tmp_path / "out", "val")
    assert (len(train), len(val)) == (4, 2)
    for ds in (train, val):
        for video in ds.videos:
            assert ds.read_frame(video, 1).shape == (12, 16, 3)
            expected = mask(video.id - 1 + 1)
            np.testing.assert_array_equal(ds.frame_instances(video, 1).masks[0], expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_official_validation_set_is_taken_on_request(tmp_path, layout):
    valid = content(3, first_id=50) | {"annotations": None}
    write(tmp_path / "root", layout, content(5), valid)
    index = prepare("ovis", tmp_path / "root", tmp_path / "out", official_val=True)
    train, val = read(tmp_path / "out", "train"), read(tmp_path / "out", "val")
    assert [video.id for video in val.videos] == [50, 51, 52] and len(train) == 5
    assert val.tracks(val.videos[0]) == [] and val.read_frame(val.videos[0], 0).any()
    assert index["validation"] == "official" and index["holdout"] == []


def test_a_validation_file_without_the_key_annotations_is_fine(tmp_path):
    valid = content(2)
    del valid["annotations"]
    write(tmp_path, "archive 2021", content(4), valid)
    prepare("ytvis2022", tmp_path, tmp_path / "out", official_val=True)
    assert len(read(tmp_path / "out", "val")) == 2


@pytest.mark.parametrize("state", ["null", "missing"])
def test_a_training_file_needs_annotations(tmp_path, state):
    record = content(3)
    record["annotations"] = None
    if state == "missing":
        del record["annotations"]
    found = problems(tmp_path, record)
    assert ("no annotations", f'train: "annotations" is {state}') in found


def test_compressed_masks_and_ids_with_gaps(tmp_path):
    record = content(4, first_id=7, string_masks=True)
    write(tmp_path, "OVIS", record)
    prepare("ovis", tmp_path, tmp_path / "out", holdout=1)
    ids = [v.id for part in ("train", "val") for v in read(tmp_path / "out", part).videos]
    assert sorted(ids) == [7, 8, 9, 10]


def test_annotations_from_0_are_numbered_from_1(tmp_path, capsys):
    record = content(4)
    for number, track in enumerate(record["annotations"]):
        track["id"] = number
    root = write(tmp_path / "root", "archive 2019", record)
    assert main(["prepare", "ytvis2019", "--root", str(root), "--holdout", "1"]) == 0
    out = root / "tpr-ytvis2019"
    parts = [json.loads((out / f"{part}.json").read_text()) for part in ("train", "val")]
    assert sorted(track["id"] for part in parts for track in part["annotations"]) == [1, 2, 3, 4]
    told = capsys.readouterr().out
    assert "note: annotation id 0: 1 (all annotations are numbered from 1 here)" in told


def test_backslashes_of_windows_and_crowds_are_counted(tmp_path):
    record = content(3)
    write(tmp_path / "root", "SipMask", record)
    (tmp_path / "root/annotations/train.json").rename(tmp_path / "root/train.json")
    (tmp_path / "root/train/JPEGImages").mkdir()  # looked for first
    for video in record["videos"]:
        video["file_names"] = [name.replace("/", "\\") for name in video["file_names"]]
    record["annotations"][1]["iscrowd"] = 1
    (tmp_path / "root" / "train.json").write_text(json.dumps(record))
    index = prepare("ytvis2019", tmp_path / "root", tmp_path / "out", holdout=1)
    assert index["notes"] == {"file name with backslashes": 6, "crowd": 1}
    videos = [v for part in ("train", "val") for v in read(tmp_path / "out", part).videos]
    assert {name.split("/")[0] for v in videos for name in v.file_names} == {
        "clip000", "clip001", "clip002"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tracks", "changes"),
    [(0, {}), (3, {"iscrowd": 1}), (3, {"segmentations": [None, None]})],
)
def test_a_training_file_without_objects_is_refused(tmp_path, tracks, changes):
    record = content(3)
    record["annotations"] = [track | changes for track in record["annotations"][:tracks]]
    place = f"train: {tracks} tracks, none with a mask that is no crowd"
    assert ("data set without tracks", place) in problems(tmp_path, record)


def test_long_videos_and_absent_frames(tmp_path):
    record = content(3, frames=210)
    record["videos"][0]["file_names"][3] = None
    record["annotations"][0]["segmentations"][3] = None
    write(tmp_path, "archive 2019", record)
    index = prepare("ytvis2019", tmp_path, tmp_path / "out", holdout=1)
    assert index["notes"] == {"absent frame (null in file_names)": 1}
    assert sorted(v["frames"] for v in index["videos"]["train"].values()) == [210] * 3


def test_missing_resized_and_broken_frames_are_named_and_counted(tmp_path):
    root = write(tmp_path / "root", "archive 2019", content(5))
    frames = root / "train/JPEGImages"
    (frames / "clip001/00000.jpg").unlink()
    (frames / "clip001/00005.jpg").unlink()
    save(frames / "clip002/00000.jpg", (20, 10))
    whole = (frames / "clip003/00005.jpg").read_bytes()
    (frames / "clip003/00005.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenDataError, match="2 x missing frame") as raised:
        prepare("ytvis2019", root, tmp_path / "out")
    found = [tuple(finding) for finding in raised.value.findings]
    assert found[:2] == [
        ("missing frame", "train: video 2: clip001/00000.jpg"),
        ("missing frame", "train: video 2: clip001/00005.jpg"),
    ]
    size = "clip002/00000.jpg: image is 20 x 10, but the video is 16 x 12 (width x height)"
    assert found[2] == ("frame of another size", f"train: video 3: {size}")
    assert found[3][0] == "broken frame" and "clip003/00005.jpg" in found[3][1]
    assert len(found) == 4


def test_every_broken_annotation_is_named(tmp_path):
    record = content(5)
    record["annotations"][0]["video_id"] = 99
    record["annotations"][1]["segmentations"][1] = {"size": [12, 16], "counts": [5]}
    record["annotations"][2]["segmentations"][1] = {"size": [16, 12], "counts": [192]}
    record["annotations"][3]["category_id"] = 44
    record["annotations"].append(dict(record["annotations"][4]))
    found = problems(tmp_path, record)
    assert [kind for kind, _ in found if kind != "video without tracks"] == [
        "annotation of an unknown video",
        "annotation of an unknown category",
        "annotation id twice",
        "broken mask",
        "mask of another size than its video",
    ]
    texts = " | ".join(text for _, text in found)
    for text in (
        "annotation 101: video 99 is not in",
        "annotation 104: category 44 is not in",
        "has id 105 twice",
        "video 2, annotation 102, frame 1: RLE counts cover 5 pixels, not 192",
        "video 3, annotation 103, frame 1: RLE size is [16, 12], but the video is [12, 16]",
    ):
        assert text in texts


def test_a_broken_video_record_is_named_and_the_others_are_checked(tmp_path):
    record = content(3)
    record["videos"][0]["length"] = 9
    record["annotations"][2]["segmentations"][1] = {"size": [12, 16], "counts": [5]}
    found = problems(tmp_path, record)
    kind = "length that is not the number of file names"
    assert (kind, 'train: video 1: "length" is 9, but file_names has 2') in found
    assert any(kind == "broken mask" for kind, _ in found)


def test_another_years_annotations_are_refused(tmp_path):
    record = content(3)
    record["categories"][0]["name"] = "squirrel"
    write(tmp_path, "archive 2019", record)
    with pytest.raises(ValueError, match="those of ytvis2021 or ytvis2022, not ytvis2019"):
        prepare("ytvis2019", tmp_path, tmp_path / "out")


def test_an_unknown_layout_says_what_was_looked_for(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no annotations of ovis train; looked for train\."
    ):
        prepare("ovis", tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        prepare("ovis", tmp_path / "nowhere", tmp_path / "out")


def test_the_original_annotations_are_never_overwritten(tmp_path):
    write(tmp_path, "archive 2019", content(3))
    before = (tmp_path / "train.json").read_bytes()
    with pytest.raises(ValueError, match="holds the original annotations"):
        prepare("ytvis2019", tmp_path, tmp_path)
    assert (tmp_path / "train.json").read_bytes() == before


def test_the_fingerprint_depends_on_content_and_not_on_place_or_spelling(tmp_path):
    first = write(tmp_path / "a", "archive 2019", content(5))
    second = write(tmp_path / "b", "VNext", content(5, string_masks=True))
    indexes = [prepare("ytvis2019", r, r / "out", holdout=2) for r in (first, second)]
    assert indexes[0]["fingerprint"] == indexes[1]["fingerprint"]
    assert indexes[0]["holdout_sha256"] == indexes[1]["holdout_sha256"]
    save(first / "train/JPEGImages/clip004/00000.jpg", (16, 12))
    path = first / "train/JPEGImages/clip004/00000.jpg"
    path.write_bytes(path.read_bytes() + b"x")
    changed = prepare("ytvis2019", first, first / "out", holdout=2)
    assert changed["fingerprint"] != indexes[0]["fingerprint"]
    assert prepare("ytvis2019", second, second / "out", holdout=1) != indexes[1]


def test_a_limit_looks_at_so_many_videos_of_either_set_only(tmp_path):
    record = content(7)
    root = write(tmp_path, "archive 2019", record, content(4, first_id=9) | {"annotations": None})
    (root / "train/JPEGImages/clip006/00000.jpg").unlink()  # of a video beyond the limit
    prepare("ytvis2019", root, tmp_path / "out", holdout=3, limit=3)
    ids = [v.id for part in ("train", "val") for v in read(tmp_path / "out", part).videos]
    assert sorted(ids) == [1, 2, 3, 4, 5, 6]
    prepare("ytvis2019", root, tmp_path / "out", official_val=True, limit=2)
    assert [v.id for v in read(tmp_path / "out", "train").videos] == [1, 2]
    assert [v.id for v in read(tmp_path / "out", "val").videos] == [9, 10]


def test_the_number_of_processes_makes_no_difference(tmp_path):
    root = write(tmp_path, "archive 2019", content(4))
    one = prepare("ytvis2019", root, tmp_path / "one", holdout=1)
    assert prepare("ytvis2019", root, tmp_path / "two", holdout=1, workers=2) == one


def test_the_command_line_reports_and_writes_an_index(tmp_path, capsys):
    root = write(tmp_path, "archive 2021", content(6))
    arguments = ["prepare", "ytvis2021", "--root", str(root), "--workers", "1"]
    assert main([*arguments, "--holdout", "2"]) == 0
    index = json.loads((root / "tpr-ytvis2021" / "index.json").read_text())
    told = capsys.readouterr().out
    assert f"held out: 2 videos, 4 frames, {index['holdout_sha256']}\n" in told
    assert "train: 4 videos, 8 frames\n" in told
    for path in (root / "train/JPEGImages").glob("*/00000.jpg"):
        path.unlink()
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert "PROBLEM: missing frame: 6\n" in told.out and "  and 1 more" in told.out
    assert "error: ytvis2021 in" in told.err and "6 x missing frame" in told.err
    assert main(["prepair"]) == 2


def linked_set(tmp_path):
    """A data set whose first video's folder is a link to another place."""
    root = write(tmp_path / "root", "archive 2019", content(6))
    video = root / LAYOUTS["archive 2019"][1] / "clip001"
    video.rename(tmp_path / "elsewhere")
    video.symlink_to(tmp_path / "elsewhere")
    return root


def test_links_out_of_the_data_set_are_followed_if_asked_and_remembered(tmp_path):
    root = linked_set(tmp_path)
    with pytest.raises(BrokenDataError) as raised:
        prepare("ytvis2019", root, tmp_path / "out")
    assert "through a symbolic link: --follow-links allows it" in raised.value.findings[0].where
    index = prepare("ytvis2019", root, tmp_path / "out", follow_links=True)
    assert index["notes"]["frame outside, behind a link"] > 0
    for split in ("train", "val"):
        dataset = open_split(tmp_path / "out", split)
        for video in dataset.videos:
            assert dataset.read_frame(video, 0).shape == (12, 16, 3)


def test_no_annotation_file_is_overwritten(tmp_path):
    """--out is the root, whose val.json is the official one."""
    write(tmp_path, "archive 2019", content(6))
    (tmp_path / "annotations").mkdir()
    (tmp_path / "train.json").rename(tmp_path / "annotations" / "train.json")
    (tmp_path / "val.json").write_text("official")
    with pytest.raises(ValueError, match="val.json: is an input too"):
        prepare("ytvis2019", tmp_path, tmp_path)
    assert (tmp_path / "val.json").read_text() == "official"
