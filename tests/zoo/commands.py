"""Every command that reads a file, and where in its arguments the file stands: a line a file.

Words in braces: animal, the path of what is handed in; good, a folder of sound files; out, a folder
that is to stay empty; root, a copy of the suite's manifests.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """module: has the function main; arguments: separated by blanks; place: where the animal is
    put, over a sound file if there is one; rooted: whether main takes the suite's root; named: what
    of the place is named (default: the file); needed: whether its absence is an error."""

    module: str
    arguments: str
    place: str = "{work}/animal.json"
    rooted: bool = False
    named: str = ""
    needed: bool = True

    def __call__(self, places: dict[str, Path]) -> int:
        arguments = [word.format(**places) for word in self.arguments.split()]
        options = {"root": places["root"]} if self.rooted else {}
        return import_module(self.module).main(arguments, **options)


MANIFESTS = "{root}/experiments/manifests"
FRAME = "{good}/ytvis/train/JPEGImages/clip000/00000.jpg"
IMPORT = "import coco {good}/ytvis/train.json --out {out}/x.json --frames"
SPEED = "--rounds 1 --frames 2 --size 64 64 --out {out}/speed.json"
VIDEO = "{work}/animal.mp4"
CONVERT = "--method blendmask --backbone r50 --out {out}/x.pt"

COMMANDS = {
    "evaluate annotations": Case("tpr.evaluate", "{animal} {good}/results.json"),
    "evaluate results": Case("tpr.evaluate", "{good}/ytvis/train.json {animal}"),
    "evaluate --compare": Case(
        "tpr.evaluate", "{good}/ytvis/train.json {good}/results.json --compare {animal}"
    ),
    "visualize annotations": Case(
        "tpr.visualize", "{animal} {good}/ytvis/train/JPEGImages --out {out}/x.png"
    ),
    "visualize results": Case(
        "tpr.visualize",
        "{good}/ytvis/train.json {good}/ytvis/train/JPEGImages {animal} --out {out}/x.png",
    ),
    "visualize frames": Case("tpr.visualize", "{good}/ytvis/train.json {animal} --out {out}/x.png"),
    "visualize a frame": Case(
        "tpr.visualize",
        "{good}/ytvis/train.json {good}/ytvis/train/JPEGImages --out {out}/x.png",
        FRAME,
    ),
    "demo video": Case("tpr.demo", "{animal} --out {out}/x.mp4", VIDEO),
    "demo picture": Case(
        "tpr.demo", "{work}/pictures --out {out}/x.mp4", "{work}/pictures/1.jpg", named="pictures"
    ),
    "demo model": Case("tpr.demo", "--model {animal} --out {out}/x.mp4"),
    "import coco": Case(
        "tpr.data.__main__",
        "import coco {animal} --out {out}/x.json --frames {good}/ytvis/train/JPEGImages",
    ),
    "import mots": Case(
        "tpr.data.__main__",
        "import mots {animal} --out {out}/x.json --frames {good}/ytvis/train/JPEGImages",
    ),
    "import davis": Case(
        "tpr.data.__main__",
        "import davis {animal} --out {out}/x.json --frames {good}/ytvis/train/JPEGImages",
    ),
    "import labelme": Case(
        "tpr.data.__main__",
        "import labelme {animal} --out {out}/x.json --frames {good}/ytvis/train/JPEGImages",
    ),
    "import cvat": Case(
        "tpr.data.__main__",
        "import cvat {animal} --out {out}/x.json --frames {good}/ytvis/train/JPEGImages",
        "{work}/animal.xml",
    ),
    "import frames": Case("tpr.data.__main__", f"{IMPORT} {{animal}}"),
    "import a frame": Case("tpr.data.__main__", f"{IMPORT} {{good}}/ytvis/train/JPEGImages", FRAME),
    "prepare folder": Case(
        "tpr.data.__main__", "prepare ytvis2019 --root {animal} --out {out}/x --workers 1"
    ),
    "prepare annotations": Case(
        "tpr.data.__main__",
        "prepare ytvis2019 --root {good}/ytvis --out {out}/x --workers 1",
        "{good}/ytvis/train.json",
    ),
    "prepare a frame": Case(
        "tpr.data.__main__",
        "prepare ytvis2019 --root {good}/ytvis --out {out}/x --workers 1",
        FRAME,
    ),
    "mini sheet": Case("tpr.data.mini.__main__", "sheet {animal} --out {out}/x.png"),
    "archive": Case("tpr.evaluation.archive", "{animal} --videos {good}/ytvis/train.json"),
    "archive videos": Case("tpr.evaluation.archive", "{good}/results.zip --videos {animal}"),
    "checkpoint convert": Case(
        "tpr.weights.checkpoint_command", f"convert {{animal}} {CONVERT}", "{work}/animal.pth"
    ),
    "checkpoint convert .pkl": Case(
        "tpr.weights.checkpoint_command", f"convert {{animal}} {CONVERT}", "{work}/animal.pkl"
    ),
    "checkpoint verify": Case(
        "tpr.weights.checkpoint_command", "verify {animal}", "{work}/animal.pth"
    ),
    "export model": Case("tpr.export.__main__", "{animal} --out {out}/x"),
    "cost.speed": Case("tpr.cost.speed", f"--costs {{animal}} {SPEED}"),
    "suite runs": Case("experiments.cli", "list", f"{MANIFESTS}/runs.yaml", True),
    "suite table": Case(
        "experiments.cli", "list", f"{MANIFESTS}/tables/1a.yaml", True, needed=False
    ),
    "suite profile": Case(
        "experiments.cli",
        "1a --dry-run --profile smoke",
        f"{MANIFESTS}/profiles/smoke.yaml",
        True,
        named="smoke",
    ),
    "readme": Case("reports.readme", "--check", "{root}/README.md", True),
}
