"""What reports.verify derives beyond the tables of the paper, on numbers known by hand."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from reports.verify.clips import video_aps
from reports.verify.derived.costing.speed import has_rounds, recorded, speeds
from reports.verify.derived.mechanism import alignment, expect_mechanism
from reports.verify.facts import Facts, PaperTable, Record, Row
from reports.verify.records import check_speed
from tests.reports.test_kept_matches import evaluated, example
from tpr.evaluation import evaluate


def facts(**changes):
    """Nothing measured but these."""
    empty = {one.name: {} for one in fields(Facts)}
    return Facts(**(empty | {"root": Path(), "profile": "mini", "tables": []} | changes))


def test_ap_of_a_video_is_that_of_an_evaluation_of_it_alone(tmp_path):
    truth, results = example(4)
    _, kept = evaluated(tmp_path, truth, results)
    paths = tmp_path / "val.json", tmp_path / "results.json"
    videos = [one["id"] for one in truth["videos"]]
    alone = [evaluate(*paths, video_ids=[one]).stats["AP"] for one in videos]
    np.testing.assert_allclose(np.nan_to_num(video_aps(kept), nan=-100) / 100, alone)


def device():
    """A baseline and a slower variant, by round."""
    own = {"fps": 0.5, "ratio": {"median": 0.5, "min": 0.25, "max": 0.5}, "seconds": [2, 2, 4]}
    base = {"fps": 1.0, "ratio": {"median": 1, "min": 1, "max": 1}, "seconds": [1, 1, 1]}
    variants = {
        "a": {"baseline": "a"} | dict.fromkeys(("inference", "network"), base),
        "a+tpr": {"baseline": "a"} | dict.fromkeys(("inference", "network"), own),
    }
    return {"name": "cpu", "variants": variants}


def test_speeds_follow_from_their_rounds():
    one = device()
    for place, again in speeds(one):
        assert recorded(one, place) == pytest.approx(again)
    assert has_rounds(facts(speed={"devices": [one]}))
    one["variants"]["a+tpr"]["network"] = dict(one["variants"]["a+tpr"]["network"], fps=0.6)
    assert [str(f.printed) for f in check_speed(facts(speed={"devices": [one]}))] == ["0.6"]


def probed(error, none):
    level = {"positions": 9, "error": error, "none": none, "correlation": 0.5}
    found = {"truth": "exact flow", "gates": None, "alignment": {"levels": {"p3": level}}}
    metrics = {"AP": 30.0 + error, "videos": 5, "mechanism": found}
    evaluate = {"metrics": metrics, "key": str(error), "spec": {"infer": {}}}
    model = {"temporal": {"name": "tpr"}}
    return {"run": "a+b", "evaluate": evaluate, "train": {"spec": {"model": model}}}


def test_a_module_follows_what_it_errs_less_than_not_looking():
    records = {
        seed: Record(Path(), probed(e, 2.0) | {"seed": seed}) for seed, e in enumerate((1, 2))
    }
    plain = probed(0, 2.0) | {"run": "a"}
    plain["train"] = {"spec": {"model": {"temporal": None}}}
    base = {seed: Record(Path(), plain | {"seed": seed}) for seed in (0, 1)}
    rows = [Row(run, {}, {}, None) for run in ("a", "a+b", "a+c")]
    table = PaperTable("t", "Table", "title", rows, [], mechanism=True)
    found = facts(records={"a": base, "a+b": records}, tables=[table])
    assert alignment(found, "a") == "no module" and alignment(found, "a+c") == "not run"
    aligned = alignment(found, "a+b")
    assert (aligned.error, aligned.followed) == (1.5, 25.0)
    (shown,) = expect_mechanism(found).tables
    cells = {one.names[0]: one.cells for one in shown.columns}
    assert cells["gain over the image model"] == ["+1.50", "not run"]
    assert cells["% of the motion followed"] == ["+25", "–"]
