"""Only records of the whole validation split are shown: AP on a part of it is not comparable."""

from collections.abc import Sequence

from reports.records.run_record import Record


def on_whole_split(records: Sequence[Record], size: int | None) -> tuple[list[Record], list[str]]:
    """The records evaluated on at least `size` videos, and a line for each other one.

    If size is None, as in a trial, it is the largest number of videos that a record of the same
    split has.
    """
    kept: list[Record] = []
    problems: list[str] = []
    for record in records:
        whole = size or max(one.videos for one in records if _split(one) == _split(record))
        if record.videos >= whole:
            kept.append(record)
        else:
            problems.append(
                f"{record.name} is not used: it was evaluated on {record.videos} of the {whole} "
                "videos of the validation split"
            )
    return kept, problems


def _split(record: Record) -> str:
    """Key of the stage that made the videos."""
    return str(record.evaluate.get("inputs", {}).get("videos"))
