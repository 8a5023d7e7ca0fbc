"""`--until-decided` with fake stages and planted gains: rounds, what stops, what is refused."""

import json
import subprocess

import pytest

from experiments.cli import main
from tests.helpers.fake_slurm import FakeSlurm
from tests.helpers.suite_helpers import calls, edit, make_root, suite

BASE = "blendmask-r50"
TABLES = "experiments/manifests/tables"
# the first claim's gain is there, the second's is not; the others depend on these
GAINS = {f"{BASE}+dacr": 5.0}
TABLE = f"""
table: mine
title: Two gains
rows:
  - {{run: {BASE}}}
  - {{run: {BASE}+dacr}}
  - {{run: {BASE}+cpr}}
claims:
  - {{name: There, better: {BASE}+dacr, than: {BASE}, published_gain: 4.0}}
  - {{name: Not there, better: {BASE}+cpr, than: {BASE}, published_gain: 4.0}}
"""


@pytest.fixture
def root(tmp_path):
    """Smoke with one table, and looks at 2, 3 and 6 seeds."""
    root = make_root(tmp_path)
    manifests = root / "experiments" / "manifests"
    for path in (manifests / "tables").iterdir():
        path.unlink()
    (manifests / "tables" / "mine.yaml").write_text(TABLE)
    edit(manifests / "profiles/smoke.yaml", "looks: [2, 3]", "looks: [2, 3, 6]")
    return root


def decide(root, *options, gains=None, **variables):
    planted = json.dumps(GAINS if gains is None else gains)
    return suite(root, *options, "--until-decided", TPR_FAKE_GAINS=planted, **variables)


def looked(line, name):
    return line.startswith(f"  mine {name}: ") and "decided at" in line


def trained(root):
    """Run and seed of each training."""
    return {name[6:-13] for name in calls(root, "begin") if name.startswith("train-")}


def seeds_of(root, run):
    return sorted(int(name[-1]) for name in trained(root) if name[:-6] == run)


def test_a_clear_gain_and_a_clear_absence_stop_at_the_first_look(root):
    status, output = decide(root, "mine")
    assert status == 0, output
    assert seeds_of(root, BASE) == seeds_of(root, f"{BASE}+cpr") == [0, 1]
    lines = output.splitlines()
    looks = {name: line for line in lines for name in ("There", "Not there") if looked(line, name)}
    there, absent = looks["There"], looks["Not there"]
    assert "decided at 2 seeds, stopped for success" in there
    assert "less than half of the published +4.0" in absent
    assert "2 of 2 claims decided" in lines[-1]
    assert "6 of the plan's 18 trainings were asked for" in lines[-1]


def test_a_claim_that_is_not_decided_goes_on_alone_and_the_same_command_resumes(root):
    profile = root / "experiments/manifests/profiles/smoke.yaml"
    edit(profile, "futility: 0.05", "futility: 0.000001")
    edit(profile, "power: 0.8", "power: 0.000001")
    absent = f"+cpr, than: {BASE}, published_gain: "
    edit(root / TABLES / "mine.yaml", f"{absent}4.0", f"{absent}0.04")
    broken = f"train-{BASE}+cpr-seed2"
    status, output = decide(root, TPR_FAKE_FAIL=broken)
    assert status == 1 and "FAILED" in output, output
    assert "1 wait for records that are missing" in output
    assert seeds_of(root, f"{BASE}+dacr") == [0, 1]  # decided: no more of it
    assert seeds_of(root, BASE) == seeds_of(root, f"{BASE}+cpr") == [0, 1, 2]
    status, output = decide(root)
    assert status == 0, output
    assert seeds_of(root, f"{BASE}+dacr") == [0, 1]
    assert seeds_of(root, BASE) == seeds_of(root, f"{BASE}+cpr") == [0, 1, 2, 3, 4, 5]
    assert "undecided, stopped at the most seeds, 6" in output
    before = calls(root, "begin")
    again = decide(root)
    assert again[0] == 0 and calls(root, "begin") == before
    assert again[1].splitlines()[-1] == output.splitlines()[-1]


def test_a_claim_out_of_reach_is_told_in_advance_and_gets_the_first_look_alone(root):
    profile = root / "experiments/manifests/profiles/smoke.yaml"
    edit(profile, "shared: 0.0001", "shared: 100")
    edit(profile, "error: 0.05", "error: 0.0000001")
    status, output = decide(root)
    told = [line for line in output.splitlines() if "will not be decided with 6 seeds" in line]
    assert status == 0 and len(told) == 2 and "found in 0 % of cases" in told[0], output
    assert "0 of 2 claims decided, 2 stopped undecided" in output
    assert seeds_of(root, f"{BASE}+dacr") == [0, 1]


def test_a_dry_run_shows_the_plan_and_the_first_round(root):
    status, output = decide(root, "--dry-run")
    assert status == 0 and not trained(root), output
    assert "Plan: Declared 2026-11-29: seeds 0 to 5 on 4 validation videos" in output
    assert "mine There: can be decided (found in" in output
    assert output.count("run     train and evaluate ") == 3


def test_on_slurm_a_call_submits_one_round_and_says_how_to_go_on(root, tmp_path):
    slurm = FakeSlurm(tmp_path / "slurm-commands")
    options = ("--launcher", "slurm", "--gpus-per-node", "0")
    status, output = decide(root, *options, PATH=slurm.path)
    assert status == 0, output
    names = [job[3].split("/")[1][:-13] for job in slurm.jobs()]
    assert sum(name.startswith("train-") for name in names) == 6
    assert output.splitlines()[-1] == (
        "When these jobs have ended (`./run_all.sh status`), the same command takes look 1 and "
        "submits what goes on."
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seeds", "0,1"], "--until-decided runs what the plan declares: leave out --seeds"),
        (["--force"], "--until-decided runs what the plan declares: leave out --force"),
        (["--max-iter", "1"], "--until-decided runs what the plan declares: leave out --max-iter"),
        ([BASE], f"{BASE} is a run: --until-decided takes tables with claims (mine)"),
        (["bare"], "table bare has no claims to decide; mine have"),
        (["mien"], "unknown table 'mien'; did you mean 'mine'?"),
        (["status"], "unknown table 'status'; known: all, mine"),
    ],
)
def test_what_does_not_go_with_a_plan_is_refused_in_a_line(root, capsys, arguments, told):
    bare = root / "experiments/manifests/tables/bare.yaml"
    bare.write_text(f"table: bare\ntitle: No claims\nrows: [{{run: {BASE}}}]\n")
    assert refused(root, capsys, *arguments) == told


def test_a_profile_without_a_plan_is_refused(root, capsys):
    path = root / "experiments/manifests/profiles/smoke.yaml"
    text = path.read_text()
    begin, end = text.index("plan:\n"), text.index("workers:")
    path.write_text(text[:begin] + text[end:])
    assert "profile smoke declares no plan: --until-decided needs the key 'plan' in " in refused(
        root, capsys
    )


def test_a_plan_for_other_videos_is_refused(root, capsys):
    edit(root / "experiments/manifests/profiles/smoke.yaml", "val: {videos: 4", "val: {videos: 5")
    assert "the plan is for 4 validation videos, data has 5" in refused(root, capsys)


def test_a_plan_that_is_not_committed_is_refused(root, capsys):
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(root))
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "plan")):
        subprocess.run([*git, *arguments], check=True)
    edit(root / "experiments/manifests/profiles/smoke.yaml", "looks: [2, 3, 6]", "looks: [2, 3]")
    assert refused(root, capsys) == (
        "experiments/manifests/profiles/smoke.yaml is not as committed: a plan is declared before "
        "anything of it runs, so commit it first"
    )


def refused(root, capsys, *arguments):
    """The error line of a call that must fail before it runs anything."""
    options = ["--profile", "smoke", "--until-decided", *arguments]
    assert main(options, root=root, stages="tests.helpers.suite_fakes", page=None) == 2
    assert not trained(root)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0].removeprefix("error: ")
