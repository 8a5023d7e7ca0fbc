"""The declared plan of a profile; each mistake in it is one line with its place."""

import json
from datetime import date, datetime

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from tests.helpers.suite_helpers import REPOSITORY, edit, make_root


@pytest.fixture
def folder(tmp_path):
    return make_root(tmp_path) / "experiments" / "manifests"


def smoke(folder):
    return load_manifests(folder).profile("smoke")


def test_the_looks_share_the_whole_error_between_them(folder):
    edit(folder / "profiles/smoke.yaml", "looks: [2, 3]", "looks: [3, 5, 10]")
    plan = smoke(folder).plan
    assert plan.shares == pytest.approx([0.09, 0.16, 0.75])
    assert plan.most == 10 and plan.declared == date(2026, 11, 29)


def test_a_look_takes_all_seeds_of_the_one_before(folder):
    edit(folder / "profiles/smoke.yaml", "first_seed: 0", "first_seed: 7")
    assert [smoke(folder).plan.seeds(look) for look in (0, 1)] == [[7, 8], [7, 8, 9]]


def test_planning_values_scale_with_the_videos(folder):
    edit(
        folder / "profiles/smoke.yaml",
        "seeds: 0.001, interaction: 0.001",
        "seeds: 2, interaction: 1",
    )
    planning = smoke(folder).plan.planning  # for 4 videos
    assert planning.over_seeds(8) == 2.5 and planning.over_videos(8) == 0.00005


@pytest.mark.parametrize("profile", ["smoke", "mini", "full"])
def test_every_profile_that_ships_declares_a_plan(profile):
    plan = load_manifests(REPOSITORY / "experiments" / "manifests").profile(profile).plan
    assert plan.error == 0.05 and sum(plan.shares) == pytest.approx(1)


def test_no_record_of_mini_was_begun_before_its_plan():
    plan = load_manifests(REPOSITORY / "experiments" / "manifests").profile("mini").plan
    paths = [*(REPOSITORY / "results" / "mini" / "records").glob("*.json")]
    for path in paths:
        begun = datetime.fromisoformat(json.loads(path.read_text())["train"]["started"])
        assert begun >= plan.since, path.name
    assert paths


def test_a_plan_is_in_no_stages_key(folder):
    manifests = load_manifests(folder)
    before = Graph(manifests.runs, smoke(folder)).evaluate("blendmask-r50+tpr", 0).key
    edit(folder / "profiles/smoke.yaml", "looks: [2, 3]", "looks: [2, 9]")
    assert Graph(manifests.runs, smoke(folder)).evaluate("blendmask-r50+tpr", 0).key == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("looks: [2, 3]", "looks: []", "looks is empty"),
        ("looks: [2, 3]", "looks: [1, 3]", "the first look needs 2 seeds or more, not 1"),
        ("looks: [2, 3]", "looks: [3, 3]", "looks must rise: 3 seeds come after 3"),
        ("looks: [2, 3]", "looks: [2, 999]", "999 seeds: at most 200"),
        ("videos: 4\n  error", "videos: 0\n  error", "videos must be at least 1, not 0"),
        ("error: 0.05", "error: 5", "error must be above 0 and at most 0.05, not 5"),
        ("error: 0.05", "eror: 0.05", "unknown key 'eror' in plan; did you mean 'error'?"),
        ("spending: 2.0", "spending: 0", "spending must be above 0, not 0"),
        ("futility: 0.05", "futility: 1", "futility must be above 0 and at most 0.5, not 1"),
        ("power: 0.8", "power: 80", "power must be above 0 and at most 1, not 80"),
        ("seeds: 0.001", "seeds: -1", "seeds is a variance: not negative"),
        ("planning: {videos: 4", "planning: {videos: 0", "planning.videos must be at least 1"),
        ("2026-11-29", "today", "declared must be a date such as 2026-11-29, or a time in quotes"),
        ("2026-11-29", "2026-11-31", "declared must be a date such as 2026-11-29"),
        ("2026-11-29", "2026-11-29 10:00:00", "declared must be a date such as 2026-11-29"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(folder, old, new, told):
    path = folder / "profiles/smoke.yaml"
    edit(path, old, new)
    with pytest.raises(ManifestError) as raised:
        smoke(folder)
    message = str(raised.value)
    assert "\n" not in message and told in message
    line = int(message.removeprefix(f"{path}:").split(":")[0])
    plan = path.read_text().splitlines().index("plan:") + 1
    assert plan <= line <= plan + 9
