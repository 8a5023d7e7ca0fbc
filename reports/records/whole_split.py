"""Records of the whole validation split: one that is of a part of it stands in no table."""

from typing import Any

from reports.records.run_record import Record


def split_size(profile: dict[str, Any]) -> int | None:
    """Videos of the validation split by the profile's manifest; None if it does not say."""
    data = profile.get("data", {})
    return data.get("videos", {}).get("val", {}).get("videos") or data.get("holdout_videos")


def complete(records: list[Record], size: int | None) -> tuple[list[Record], list[str]]:
    """Those of at least `size` videos, and a line for each other one.

    Without a size, as in a trial, it is the most that a record on the same videos has.
    """
    kept, problems = [], []
    for record in records:
        own = _count(record)
        whole = size or max(_count(one) for one in records if _videos(one) == _videos(record))
        if own >= whole:
            kept.append(record)
        else:
            problems.append(
                f"{record.name} is not used: it was evaluated on {own} of the {whole} videos of "
                "the validation split"
            )
    return kept, problems


def _count(record: Record) -> int:
    return int(record.evaluate["metrics"].get("videos") or 0)


def _videos(record: Record) -> str:
    return str(record.evaluate.get("inputs", {}).get("videos"))
