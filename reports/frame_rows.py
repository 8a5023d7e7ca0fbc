"""Rows of a data frame as plain dicts; pandas itself does not say what they hold."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from typing import Any, cast

import pandas as pd


def frame_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A dict for each row, by column."""
    return cast(list[dict[str, Any]], frame.to_dict("records"))


def is_missing(value: Any) -> bool:
    """Whether a cell is NaN or None."""
    return bool(pd.isna(value))
