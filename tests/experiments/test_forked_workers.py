"""Workers are forked from a server that may have been started by an earlier call."""

import json

from experiments.cli import main
from tests.helpers.suite_helpers import make_root

RUN = "blendmask-r50"


def test_workers_have_the_environment_of_the_call_that_starts_them(tmp_path, monkeypatch):
    found = []
    for gain in (5.0, 7.0):
        monkeypatch.setenv("TPR_FAKE_GAINS", json.dumps({RUN: gain}))
        root = make_root(tmp_path / str(gain))
        options = [RUN, "--profile", "smoke", "--seeds", "0"]
        assert main(options, root=root, stages="tests.helpers.suite_fakes", page=None) == 0
        (record,) = root.glob(f"runs/smoke/evaluate-{RUN}-seed0-*/record.json")
        found.append(round(json.loads(record.read_text())["metrics"]["AP"]))
    assert found == [6, 8]
