"""A stage's key: a checksum over all that its result depends on.

That is its kind, the version of its code, its settings and the keys of its inputs. How a training
is carried out must not start it again: when it is saved, and how its batch is cut for the memory of
a GPU. Those settings stand in keys with the values below, which the profile `mini` had when its
shipped records were made under keys that held them. The worker gets the real values and the record
says them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from experiments.stages.json_files import canonical

Spec = dict[str, Any]  # a stage's settings, plain data as JSON has it and tpr takes it

# Increased whenever the code of a stage changes what it computes from the same settings.
VERSIONS = {
    "videos": 2,
    "images": 2,
    "pretrain": 2,
    "pretrain-flow": 1,
    "train": 2,
    "evaluate": 2,
    "offset-fit": 1,
    "dosed-videos": 2,
    "evaluate-dose": 1,
    "associate": 1,
}

# values in the key of entries of the spec's "train", by kind of stage
FIXED: dict[str, dict[str, int]] = {
    "pretrain": {"checkpoint_every": 500},
    "pretrain-flow": {"checkpoint_every": 200},
    # That there are micro-batches stays in the key: images then draw from streams of their own
    # (tpr.training.step). Their size moves rounding, and the padding of videos of unequal shapes. A
    # pretraining's key keeps it, as BatchNorm goes over the images of one micro-batch.
    "train": {"checkpoint_every": 100, "micro_batch": 8},
}


def stage_key(kind: str, spec: Spec, inputs: dict[str, str]) -> str:
    """sha256 over kind, version, settings (see `key_spec`) and the inputs' keys by role."""
    content = [kind, VERSIONS[kind], key_spec(kind, spec), inputs]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def key_spec(kind: str, spec: Spec) -> Spec:
    """A stage's spec as its key holds it: settings of how it is carried out have fixed values."""
    train = spec.get("train")
    if not isinstance(train, dict):
        return spec
    fixed = {name: value for name, value in FIXED.get(kind, {}).items() if name in train}
    return spec | {"train": train | fixed}
