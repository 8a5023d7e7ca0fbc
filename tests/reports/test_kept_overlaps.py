"""What AP is lost to, and HOTA, follow from what an evaluation keeps; older ones are told."""

import io
import lzma

import numpy as np
import pytest

from experiments.pipeline.error_measures import error_measures
from reports.verify.facts import PaperTable, Record, Row
from reports.verify.records import check_records, lacking
from reports.verify.recounted.losses import Lost
from reports.verify.recounted.matches import read_kept
from reports.verify.recounted.recount import drawn
from reports.verify.recounted.tracking import tracking
from tests.helpers.planted_errors import PLANTED, annotations, random_truth, results
from tests.reports.test_kept_matches import SETTINGS, agrees, evaluated, example
from tests.reports.test_verify_derived import facts
from tpr.evaluation import evaluate
from tpr.evaluation.draws import UNIT, pack_draws, unpack_draws
from tpr.evaluation.errors.kinds import KINDS
from tpr.evaluation.kept_matches import keep_matches
from tpr.files import sha256

VIDEOS = 12
SETS = [*((kind,) for kind in KINDS), KINDS, KINDS]


@pytest.mark.parametrize(("place", "planted"), [*enumerate(SETS)])
def test_planted_errors_are_found_again(tmp_path, place, planted):
    rng = np.random.default_rng(place)
    truth = found = random_truth(rng, VIDEOS)
    for kind in planted:
        found = PLANTED[kind](rng, found)
    metrics = evaluate(annotations(truth, VIDEOS), results(rng, found), errors=True, hota=True)
    record = error_measures(metrics, None, SETTINGS)
    kept = read_kept(keep_matches(tmp_path / "matches", metrics, None))
    weights = drawn(kept, SETTINGS["bootstrap"], SETTINGS["bootstrap_seed"])[::6]
    again = Lost(kept, weights)
    for kind in KINDS:
        recorded = unpack_draws(record.pop(f"lost_{kind}_draws"))[::6]
        np.testing.assert_allclose(again.draws(kind), recorded, atol=UNIT / 2 + 1e-9)
    assert all(record["errors"][kind] > 3 for kind in planted[-1:])
    agrees(again.measures() | tracking(kept), record)


@pytest.fixture
def shipped(tmp_path):
    """A record, and the facts that it is all of."""
    metrics, _ = evaluated(tmp_path, *example(3))
    path = tmp_path / "a-seed0.npz.xz"
    (tmp_path / "matches.npz.xz").rename(path)
    evaluation = {"metrics": metrics, "matches": sha256(path), "spec": {"evaluation": SETTINGS}}
    record = Record(path.with_name("a-seed0.json"), {"run": "a", "seed": 0, "evaluate": evaluation})
    table = PaperTable("1", "", "", [Row("a", {}, {}, None)])
    return record, facts(root=tmp_path, records={"a": {0: record}}, tables=[table])


def test_a_loss_hota_or_draw_changed_by_hand_is_told(shipped):
    record, all_facts = shipped
    assert not [*check_records(all_facts, thorough=True)] and not lacking(all_facts)
    before = record.metrics["lost_spatial_draws"]
    for name, value in {
        "lost_spatial": record.metrics["lost_spatial"] + 0.1,
        "HOTA": 50.0,
        "IDF1": 50.0,
        "errors": record.metrics["errors"] | {"missed": 99},
        "identity_switches": 99,
        "lost_spatial_draws": pack_draws(unpack_draws(before)[::-1]),
        "AP_overlap_high_draws": before,
        "AP_scale_change_high_draws": pack_draws(np.zeros(2 * SETTINGS["bootstrap"])),
    }.items():
        kept = record.metrics[name]
        record.metrics[name] = value
        (finding,) = check_records(all_facts, thorough=True)
        assert finding.place.split()[0] == name
        record.metrics[name] = kept


def test_matches_without_overlaps_stay_valid_and_are_told(shipped):
    record, all_facts = shipped
    path = record.path.with_suffix(".npz.xz")
    with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as arrays:
        old = {name: arrays[name] for name in arrays if not name.startswith(("errors", "tracking"))}
    content = io.BytesIO()
    np.savez(content, **old)
    path.write_bytes(lzma.compress(content.getvalue()))
    record.raw["evaluate"]["matches"] = sha256(path)
    assert not [*check_records(all_facts, thorough=True)]
    assert lacking(all_facts) == [
        "errors and HOTA of 1 evaluations made before overlaps were kept: taken from their records"
    ]
