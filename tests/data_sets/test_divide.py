"""Parts of a data set's file."""

from tests.helpers.ytvis_sets import content
from tpr.data.preparing.divide import first_frames


def test_the_first_frames_are_those_of_videos_and_tracks():
    record = content(2, frames=3)
    short = first_frames(record, 2)
    assert [v["length"] for v in short["videos"]] == [2, 2]
    assert short["videos"][0]["file_names"] == record["videos"][0]["file_names"][:2]
    for before, after in zip(record["annotations"], short["annotations"], strict=True):
        for key in ("segmentations", "bboxes", "areas"):
            assert after[key] == before[key][:2]
    assert first_frames(record, 3) == record
    assert first_frames(record | {"annotations": None}, 1)["annotations"] is None
