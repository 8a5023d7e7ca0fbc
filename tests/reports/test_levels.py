"""Statements that a run reaches a level of AP."""

import numpy as np
import pytest

from experiments.declared.tables import Level
from reports.claims.levels import level_sentence

LEVEL = Level("Found", "a", 8.0)


class Own:
    """As much of a record as a sentence needs."""

    run, videos = "a", 6

    def __init__(self, seed, ap, spread):
        self.seed, self.ap = seed, ap
        self.drawn = ap + spread * np.random.default_rng(0).standard_normal(500)

    def metric(self, name):
        return self.ap

    def draws(self, name):
        return self.drawn


@pytest.mark.parametrize(
    ("values", "spread", "word"),
    [
        ([14.0, 14.4, 14.2], 1.0, "holds"),
        ([14.0, 14.4, 14.2], 5.0, "not resolved"),  # other videos might not reach it
        ([14.0, 6.0, 20.0], 0.1, "not resolved"),  # another seed might not
        ([2.0, 2.4, 2.2], 0.5, "does not hold"),
        ([14.0], 0.1, "not resolved"),
    ],
)
def test_a_level_holds_where_the_interval_lies_above_it(values, spread, word):
    records = [Own(seed, ap, spread) for seed, ap in enumerate(values)]
    sentence = level_sentence(LEVEL, records)
    assert sentence.startswith("Found: AP of a at least 8.0: ")
    assert sentence.endswith(f": {word}."), sentence


def test_without_records_it_was_not_run():
    assert level_sentence(LEVEL, []) == "Found: AP of a at least 8.0: not run."
