"""The code that decides a stage's result, as a digest beside its key.

The key is of settings; the digest is of all definitions that the stage's body reaches in the
repository and in a user's own class. A stage's code is {"sha256", "inputs": by role the code of
each}; None stands for what was made before there were digests, and for weights that ship with such
a record: that is told, and not compared.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from experiments.engine.shipped_weights import shipped
from experiments.sources.reach import Place, Sources, sources_below
from experiments.stages.choices import choices, temporal_module
from experiments.stages.json_files import Record, read_json
from experiments.stages.key import Spec
from experiments.stages.layout import ROOT, Layout
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage

Code = dict[str, Any]
WORDS = {
    "videos": "the videos",
    "images": "the images for pretraining",
    "pretrain": "the pretraining",
    "start": "the pretraining",
    "flow": "the flow network's pretraining",
    "pretrain-flow": "the flow network's pretraining",
    "train": "the training",
    "evaluate": "the evaluation",
    "associate": "the association",
    "offset-fit": "the fit of offsets",
    "offsets": "the fit of offsets",
    "dosed-videos": "the dosed videos",
    "evaluate-dose": "the evaluation at a dose",
}
# Definitions that only reject a machine, word a message or know where a module used to be, and so
# decide no result.
ONLY_TELL = (
    *("check_support", "check_shared_memory", "raise_open_files", "printable", "doing"),
    *("tell_missing_packages", "FORMER"),
)


class StageCode:
    """Digests of today's code of stages.

    stages: name of the module whose BODIES are the stages' functions; sources: the files to read
    them from.
    """

    def __init__(self, stages: str, sources: Sources | None = None) -> None:
        self.sources = sources or sources_below(ROOT)
        self.stages = stages
        self.digest = cache(self._digest)

    def body_digest(self, kind: str, spec: Spec) -> str:
        """Digest of the code of a stage of this kind with these settings, without that of its
        inputs."""
        return self.digest(tuple(sorted(choices(kind, spec).items())), temporal_module(spec))

    def _digest(self, chosen: tuple[tuple[str, str], ...], module: str) -> str:
        entries: list[Place] = [(self.stages, "BODIES")]
        if found := self.own_class(module):
            entries.append(found)
        keys = {name: [key] for name, key in chosen}
        return self.sources.digest(entries, keys, ONLY_TELL)

    def own_class(self, name: str) -> Place | None:
        """The file of a class that a manifest names by its path; None if an installed package has
        it."""
        found = self.sources.place(name) if "." in name else None
        return found if found and found[1] else None

    def today(self, stage: Stage, layout: Layout | None) -> Code:
        """The code of a stage, {"sha256", "inputs"}, as it would be made now.

        Inputs that are finished keep the code that made them; without a layout all count as made
        now.
        """
        inputs = {role: self.at_hand(one, layout) for role, one in stage.inputs.items()}
        return {"sha256": self.body_digest(stage.kind, stage.spec), "inputs": inputs}

    def at_hand(self, stage: Stage, layout: Layout | None) -> Code | None:
        """The code of a stage as one that needs it sees it: that of its record, or of shipped
        weights."""
        if layout is None:
            return self.today(stage, None)
        record = stage.record(layout) or {}
        if "shipped" in record or (record and "code" not in record):
            return record.get("code")
        entry = None if record else shipped(stage, layout)[0]
        return entry["record"].get("code") if entry else self.today(stage, layout)

    def change(self, stage: Stage, layout: Layout, record: Record) -> str:
        """Why a record or stage.json was made by other code than today's, in words; "" if it was
        not, or if it does not say."""
        if "shipped" in record:
            return ""
        changed = difference(record.get("code"), self.today(stage, layout), stage.kind)
        return f"the code of {changed} changed{since(record)}" if changed else ""

    def resumed(self, stage: Stage, layout: Layout) -> Code:
        """`today`, and under "began" the sha256 of the other code that began an unfinished
        stage."""
        now = self.today(stage, layout)
        request = read_json(stage.folder(layout) / "stage.json") or {}
        before = (request.get("code") or {}) if progress_of(stage.folder(layout)) else {}
        began = before.get("began", before.get("sha256", now["sha256"]))
        return now if began == now["sha256"] else now | {"began": began}

    def begun(self, stage: Stage, layout: Layout) -> str:
        """`change` for a stage that was begun and not finished."""
        request = read_json(stage.folder(layout) / "stage.json") or {}
        same = request.get("key") == stage.key
        return self.change(stage, layout, request) if same else ""


def difference(before: Code | None, now: Code | None, name: str) -> str:
    """The first stage whose code differs, the stage before its inputs, in words; "" if none
    differs."""
    if not before or not now:
        return ""
    mixed = before.get("began") not in (None, now["sha256"])
    if before["sha256"] != now["sha256"] or mixed:
        return WORDS.get(name, name)
    pairs = ((role, one, now["inputs"].get(role)) for role, one in before["inputs"].items())
    return next(filter(None, (difference(a, b, role) for role, a, b in pairs)), "")


def since(record: Record) -> str:
    """As " since commit 1748da0b8", where a record states it; else ""."""
    commit = (record.get("git") or {}).get("commit")
    return f" since commit {commit[:9]}" if commit else ""
