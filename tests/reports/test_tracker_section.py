"""Trackers on the page: planted gains are found, printed and recomputed; a changed one is seen."""

import json
import re

import numpy as np
import pytest

from experiments.stages.layout import Layout
from reports.build import build
from reports.trackers.tracker_gains import load_tracker_gains
from reports.verify.check import check_tables, check_texts
from reports.verify.derived.trackers import expect_trackers
from reports.verify.facts import load_facts
from reports.verify.printed.html_page import read_html
from reports.verify.printed.markdown_page import read_markdown
from reports.verify.prose import filled
from tests.helpers.fake_records import record, write_manifest
from tpr.evaluation.draws import pack_draws

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
# of TPR, at both seeds
GAINS = {"masktrack": (2.0, 2.1), "iou": (2.0, 2.2), "oracle": (0.5, 0.6)}
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
        ap = 30.0 + 3 * place + (gains[seed % 2] if run == TPR else 0)
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
    """What verify finds in this section of the two pages."""
    expected = expect_trackers(load_facts(layout.root, "mini"))
    sentences = filled(expected.contexts)
    for name, page in (("html", read_html(texts[0])), ("md", read_markdown(texts[1]))):
        page.tables = [one for one in page.tables if one.section.startswith(HEADING)]
        page.texts = [one for one in page.texts if one.section.startswith(HEADING)]
        assert page.texts
        yield from check_tables(name, page, expected, sentences)
        yield from check_texts(name, page, sentences)


def built(layout):
    page = build(layout.profile, layout.root)
    return [page.read_text(), (layout.report / "report.md").read_text()]


def test_planted_gains_are_found(layout):
    found = load_tracker_gains(layout)
    assert found is not None
    known = {one.tracker: one for one in found.gains if one.gain}
    assert [*known] == ["masktrack", "iou", "oracle"]
    assert known["oracle"].gain.mean == pytest.approx(0.55)
    assert known["oracle"].beside_own.mean == pytest.approx(-1.5)
    assert known["oracle"].beside_own.bounds[1] < 0 < known["iou"].beside_own.bounds[1]
    assert known["iou"].beside_own.mean == pytest.approx(0.05) and not known["masktrack"].beside_own


def test_both_pages_print_what_is_recomputed(layout):
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    for text in texts:
        assert "Of 2 gains under another tracker, 0 are larger and 1 smaller than under" in text
        assert "With true identities, by detection and masks alone, AP gains +0.6 (" in text
        assert "not run" in text  # the pair without records


def test_a_changed_number_is_found(layout):
    texts = built(layout)
    for number in ("+0.6", "−1.5", "1 smaller"):
        other = re.sub(r"\d", "7", number)
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
