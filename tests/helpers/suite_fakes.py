"""A suite whose stages only count: `python -m tests.helpers.suite_fakes ROOT [its arguments]`.

Each stage counts to TICKS, a tick taking TPR_FAKE_TICK seconds, and goes on from its last tick
after an interruption. Its value is a hash of its settings and its inputs' values. calls.txt in the
runs folder gets a line when a stage begins and when it ends.
"""

import errno
import hashlib
import json
import os
import sys
import time
from pathlib import Path

TICKS = 5


def count(spec, inputs, out, log):
    name = out.name[:-13]
    note(out, "begin")
    if name == os.environ.get("TPR_FAKE_FAIL"):
        raise FloatingPointError("the loss is not finite")
    state = out / "state"
    done = int(state.read_text() or 0) if state.is_file() else 0
    for tick in range(done, TICKS):
        time.sleep(float(os.environ.get("TPR_FAKE_TICK", "0")))
        state.with_suffix(".new").write_text(str(tick + 1))
        os.replace(state.with_suffix(".new"), state)
        log.progress(tick + 1, TICKS, loss=1.0 / (tick + 1))
    values = [read_value(inputs[role]) for role in sorted(inputs)]
    value = hashlib.sha256(json.dumps([spec, values], sort_keys=True).encode()).hexdigest()
    (out / "weights.pt").write_text(value + " " * int(os.environ.get("TPR_FAKE_BYTES", "0")))
    if name == os.environ.get("TPR_FAKE_FULL"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out / "weights.pt"))
    note(out, "end")
    return {"value": value, "AP": planted_ap(name), "videos": 4}


def planted_ap(name):
    """Of an evaluation: TPR_FAKE_GAINS has the gain of each run, to which a seed adds its own."""
    gains = json.loads(os.environ.get("TPR_FAKE_GAINS", "{}"))
    run = name.removeprefix("evaluate-").rpartition("-seed")[0]
    luck = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 1000 / 1e4 if gains else 0.0
    return 1.0 + gains.get(run, 0.0) + luck


def read_value(folder):
    return (folder / "weights.pt").read_text().split()[0]


def note(out, event):
    with (out.parent / "calls.txt").open("a") as file:
        file.write(f"{event} {out.name} {os.getpid()}\n")


TRAINED = ("pretrain", "pretrain-flow", "train")
BODIES = dict.fromkeys(
    ("videos", "images", *TRAINED, "evaluate", "dosed-videos", "evaluate-dose", "associate"), count
)


if __name__ == "__main__":
    from experiments.cli import main

    sys.exit(
        main(sys.argv[2:], root=Path(sys.argv[1]), stages="tests.helpers.suite_fakes", page=None)
    )
