"""Which settings a stage's key holds as they are, and which at a fixed value.

How a training is carried out must not start it again: when it is saved, and how its batch is cut
for the memory of a GPU. Those settings stand in keys with the values below, which the profile
`mini` had when its shipped records were made under keys that held them. The worker gets the real
values and the record says them.
"""

from __future__ import annotations

from typing import Any

# by kind of stage, of its spec's "train"
FIXED: dict[str, dict[str, int]] = {
    "pretrain": {"checkpoint_every": 500},
    "pretrain-flow": {"checkpoint_every": 200},
    # That there are micro-batches stays in the key: images then draw from streams of their own
    # (tpr.step). Their size moves rounding, and the padding of videos of unequal shapes. A
    # pretraining's key keeps it, as BatchNorm goes over the images of one micro-batch.
    "train": {"checkpoint_every": 100, "micro_batch": 8},
}


def key_spec(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A stage's spec as its key holds it."""
    train = spec.get("train")
    if not isinstance(train, dict):
        return spec
    fixed = {name: value for name, value in FIXED.get(kind, {}).items() if name in train}
    return spec | {"train": train | fixed}
