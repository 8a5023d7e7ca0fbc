"""Trackers on the page: planted gains are found, printed and recomputed; a changed one is seen."""

import json
import re

import numpy as np
import pytest

from experiments.stages.layout import Layout
from reports.trackers.section import answer
from reports.trackers.tracker_gains import load_tracker_gains
from reports.verify.check import check_texts
from reports.verify.derived.trackers import expect_trackers
from reports.verify.facts import load_facts
from reports.verify.pictures import note_texts
from reports.verify.printed.document import Document
from reports.verify.prose import filled
from tests.helpers import page_sections
from tests.helpers.fake_records import record, write_manifest
from tests.helpers.page_sections import built
from tpr.evaluation.draws import pack_draws

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
# of TPR, at both seeds
GAINS = {
    "masktrack": (2.0, 2.1),
    "iou": (2.0, 2.2),
    "true-ids": (1.5, 1.6),
    "oracle": (0.5, 0.6),
    "true-masks": (1.5, 1.6),
}
PAIRS = (
    f"pairs:\n- {{better: {TPR}, than: {BASE}}}\n- {{better: sipmask-r50+tpr, than: sipmask-r50}}\n"
)
HEADING = "Trackers on the same detections"


def put(layout, run, seed, finished="2026-11-29T12:00:00+00:00", videos="v"):
    """Videos' luck is of all trackers and runs alike; a run's own is a tenth of it."""
    raw = record(run, seed, 30.0)
    luck = np.random.default_rng(0).normal(0, 1, 200)
    trackers = {}
    for place, (name, gains) in enumerate(GAINS.items()):
        ap = 30.0 + 3 * place + (gains[seed % 2] if run.endswith("tpr") else 0)
        own = np.random.default_rng([seed, place, len(run)]).normal(0, 0.1, 200)
        trackers[name] = {
            "AP": ap, "HOTA": ap + 20, "AssA": ap + 25, "identity_switches": 40 - round(ap / 2),
            "AP_draws": pack_draws((ap + luck + own) / 100), "videos": 200,
        }  # fmt: skip
    made = raw["evaluate"] | {"stage": "associate", "finished": finished}
    made |= {"metrics": {"trackers": trackers}, "inputs": {"videos": videos, "train": "t"}}
    made |= {"spec": {"evaluation": {"bootstrap": 200}, "model": run}}
    layout.trackers.mkdir(parents=True, exist_ok=True)
    kept = {"run": run, "seed": seed, "profile": "mini", "associate": made}
    (layout.trackers / f"{run}-seed{seed}.json").write_text(json.dumps(kept))


@pytest.fixture
def layout(tmp_path):
    write_manifest(tmp_path)
    (tmp_path / "experiments" / "manifests" / "trackers.yaml").write_text(PAIRS)
    layout = Layout("mini", tmp_path)
    for seed in (0, 1):
        put(layout, BASE, seed)
        put(layout, TPR, seed)
    return layout


def findings(layout, texts):
    return page_sections.findings(layout, texts, expect_trackers, HEADING)


def test_planted_gains_are_found(layout):
    found = load_tracker_gains(layout)
    assert found is not None
    known = {one.tracker: one for one in found.gains if one.gain}
    assert [*known] == ["masktrack", "iou", "oracle", "true-ids", "true-masks"]
    assert known["oracle"].gain.mean == pytest.approx(0.55)
    assert known["oracle"].beside_own.mean == pytest.approx(-1.5)
    assert known["oracle"].beside_own.bounds[1] < 0 < known["iou"].beside_own.bounds[1]
    assert known["iou"].beside_own.mean == pytest.approx(0.05) and not known["masktrack"].beside_own


def test_the_parts_of_a_gain_add_up_to_it_and_say_what_it_is_of(layout):
    (one,) = load_tracker_gains(layout).parts
    assert (one.seeds, one.videos) == ([0, 1], 200)
    means = {name: part.mean for name, part in one.parts.items()}
    assert means == pytest.approx({"detection": 1.55, "masks": 0.0, "association": 0.5})
    assert sum(means.values()) == pytest.approx(one.gain.mean)
    assert answer(one).startswith(f"Over seeds 0, 1 and 200 videos, {TPR} changes the AP of {BASE}")
    assert answer(one).endswith("told from zero by its interval: detection, association.")


def test_without_the_truth_no_part_is_known_and_nothing_is_answered(layout):
    for path in layout.trackers.iterdir():
        raw = json.loads(path.read_text())
        del raw["associate"]["metrics"]["trackers"]["true-masks"]
        path.write_text(json.dumps(raw))
    assert load_tracker_gains(layout).parts == []
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    assert not any("told from zero" in text for text in texts)


def test_both_pages_print_what_is_recomputed(layout):
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    for text in texts:
        assert "Of 1 gains under another tracker, 0 are larger and 0 smaller than under" in text
        assert (
            "by detection, +0.0 (" in text and "told from zero by its interval: detection" in text
        )
        assert "Not run here: sipmask-r50+tpr." in text
    note = json.loads((layout.figures / "trackers.json").read_text())
    assert {*note["sources"]} == {
        f"{run} seed {seed}, trackers" for run in (BASE, TPR) for seed in (0, 1)
    }
    told = [*note_texts(load_facts(layout.root, "mini"))]
    sentences = filled(expect_trackers(load_facts(layout.root, "mini")).contexts)
    shown = Document(texts=[text for file, text in told if file == "figures/trackers.json"])
    assert len(shown.texts) == 3 and [*check_texts("note", shown, sentences)] == []


def test_two_pairs_have_an_answer_each(layout):
    put(layout, "sipmask-r50", 1)
    put(layout, "sipmask-r50+tpr", 1)
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    for text in texts:
        assert "Over seeds 0, 1 and 200 videos, blendmask-r50+tpr changes" in text
        assert "Over seed 1 and 200 videos, sipmask-r50+tpr changes" in text
        assert "Not run here" not in text


def test_a_changed_number_is_found(layout):
    texts = built(layout)
    for number in ("+0.6", "−1.5", "0 smaller", "+0.5 ("):
        other = re.sub(r"\d", "7", number)
        assert all(number in text for text in texts), number
        changed = [text.replace(number, other) for text in texts]
        assert {one.file for one in findings(layout, changed)} == {"html", "md"}, number


def test_results_on_other_videos_are_left_out_and_counted(layout):
    put(layout, TPR, 5, finished="2026-11-01T00:00:00+00:00", videos="others")
    put(layout, BASE, 5, finished="2026-11-01T00:00:00+00:00", videos="others")
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    assert all("than the latest, left out: 2." in text for text in texts)


def test_a_broken_file_is_named(layout):
    (layout.trackers / "x-seed0.json").write_text('{"profile": "mini", "run": "x"}')
    with pytest.raises(ValueError, match=r"x-seed0\.json holds no results of trackers"):
        load_tracker_gains(layout)


def test_without_results_it_says_what_to_run(layout):
    for path in layout.trackers.iterdir():
        path.unlink()
    for text in built(layout):
        assert "Not run:" in text and "./run_all.sh trackers --profile mini" in text
