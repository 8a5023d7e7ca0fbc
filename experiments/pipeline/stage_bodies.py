"""The stages' bodies: body(spec, inputs, out, log) -> metrics.

inputs: folders of finished stages by role; out: the stage's own folder. A body may be killed at any
moment and is then called again with the same folder. Libraries that are slow to load are imported
inside the functions.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.engine.gpu_support import check_support
from experiments.pipeline.measures import MATCHES, measures
from experiments.stages.choices import data_source, pretraining_source
from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from experiments.stages.progress import Log
from tpr.devices.machine_record import cores

if TYPE_CHECKING:
    from tpr.data.youtube_vis import YouTubeVIS

Inputs = dict[str, Path]
# parts that start from a fit of offsets, by the temporal module's name
OFFSETS = {"tpr": "temporal.dacr.offset", "matched": "temporal.dacr.matching"}
FLOW_NETWORK = "temporal.warp.offset"  # the FlowNetS of a model with optical-flow warp


def data(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Videos or single images: <split>.json and frames/<split>/."""
    return DATA[data_source(spec)](spec, out, log)


def generated(spec: Spec, out: Path, log: Log) -> Record:
    """Generated videos or images with exact annotations."""
    from tpr.data.mini import generate

    new = out / "data"
    shutil.rmtree(new, ignore_errors=True)
    fingerprint = generate(
        new, spec["splits"], seed=spec["seed"], progress=log.progress, workers=cores()
    )
    for path in sorted(new.iterdir()):
        target = out / path.name
        if target.is_dir():
            shutil.rmtree(target)
        os.replace(path, target)
    new.rmdir()
    counts = {f"{name}_videos": split["videos"] for name, split in spec["splits"].items()}
    return {"fingerprint": fingerprint} | counts


def recorded(spec: Spec, out: Path, log: Log) -> Record:
    """YouTube-VIS or OVIS from the folder TPR_DATA, checked, with index.json beside its splits."""
    return prepared(spec, data_folder(), out, log)


def trial(spec: Spec, out: Path, log: Log) -> Record:
    """As `recorded`, with generated videos in place of recorded ones."""
    return prepared(spec, archive(spec["generated"], out, log), out, log)


def prepared(spec: Spec, source: Path, out: Path, log: Log) -> Record:
    """Writes a data set's splits from the folder of its unpacked archives."""
    from tpr.data.findings import BrokenDataError, report
    from tpr.data.preparing.prepare import counts, prepare

    try:
        index = prepare(
            spec["dataset"],
            source,
            out,
            holdout=spec.get("holdout_videos"),
            limit=spec.get("limit_videos"),
            limit_frames=spec.get("limit_frames"),
            official_val=spec.get("official_val", False),
            follow_links=bool(os.environ.get("TPR_FOLLOW_LINKS")),
            workers=cores(),
            progress=log.progress,
        )
    except BrokenDataError as error:
        for line in report(error.findings):
            log.info(line)
        raise
    names = ("fingerprint", "dataset", "validation", "holdout_sha256", "files", "sources", "notes")
    return {name: index[name] for name in names} | {
        f"{split}_videos": videos for split, (videos, _) in counts(index).items()
    }


def archive(settings: Spec, out: Path, log: Log) -> Path:
    """Generated training videos below `out`, laid out as the archive of YouTube-VIS 2019."""
    from tpr.data.mini.archive import write_archive

    video = {name: value for name, value in settings.items() if name != "seed"}
    return write_archive(out / "source", video, seed=settings["seed"], progress=log.progress)


def data_folder() -> Path:
    """The folder TPR_DATA with recorded data and public weights; else the working directory."""
    return Path(os.environ.get("TPR_DATA", "."))


def own(spec: Spec, out: Path, log: Log) -> Record:
    """A user's videos or single images, by what --data was given."""
    from experiments.pipeline.own_videos import prepared

    return prepared(spec, out, log)


DATA = {"generated": generated, "recorded": recorded, "trial": trial, "own": own}


def pretrain(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """The image model: weights.pt in `out`."""
    return PRETRAINING[pretraining_source(spec)](spec, inputs, out, log)


def untrained(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """For a trial: seeded initial weights."""
    from experiments.pipeline.image_weights import initial_weights

    return initial_weights(spec, dataset(inputs["videos"], "train"), out, log)


def public(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Published weights from a file in TPR_DATA."""
    from experiments.pipeline.image_weights import public_weights

    videos = dataset(inputs["videos"], "train")
    return public_weights(spec, videos, data_folder() / spec["weights"], out, log)


def trained(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Trained on single images, or on single frames of a user's videos."""
    check_support()
    from tpr.training.loop import pretrain

    start = inputs["start"] / "weights.pt" if "start" in inputs else None
    single = "images" in inputs
    images = dataset(inputs["images"], "images") if single else dataset(inputs["videos"], "train")
    return pretrain(spec, images, out, log, start=start)


PRETRAINING = {"untrained": untrained, "public": public, "trained": trained}


def pretrain_flow(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """FlowNetS, public or trained on the generated videos' exact flow: weights.pt in `out`."""
    from experiments.pipeline.flow_pretraining import pretrain_flow, public_flownets

    if "train" not in spec:
        return public_flownets(spec, data_folder(), out)
    check_support()
    videos = inputs["videos"]
    generator = json.loads((videos / "info.json").read_text(encoding="utf-8"))
    splits = {split: dataset(videos, split) for split in ("train", "val")}
    return pretrain_flow(spec, generator, splits, out, log)


def offset_fit(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Fits offset heads to the exact flow; metrics say how much motion they see, `out` gets initial
    weights."""
    check_support()
    from experiments.pipeline.offset_fit import fit_offsets

    splits = {split: dataset(inputs["videos"], split) for split in ("train", "val")}
    return fit_offsets(spec, splits, inputs["pretrain"] / "weights.pt", out, log)


def train(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Fine-tuning on videos: weights.pt, log.jsonl and TensorBoard events in `out`."""
    check_support()
    from baselines.registry import BASELINES
    from tpr.training.loop import finetune

    weights = inputs["pretrain"] / "weights.pt"
    videos = dataset(inputs["videos"], "train")
    parts = {FLOW_NETWORK: inputs["flow"] / "weights.pt"} if "flow" in inputs else {}
    if "offsets" in inputs:
        from experiments.pipeline.offset_fit import STARTS

        module = spec["model"]["temporal"]["name"]
        parts[OFFSETS[module]] = inputs["offsets"] / STARTS[module]
    return finetune(spec, videos, weights, out, log, temporal=BASELINES, parts=parts)


def evaluate(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Tracks the validation videos and evaluates them.

    Writes results.json and the matches with the true tracks, matches.npz.xz, to `out`; the metrics
    also say what the temporal module did on the first videos.
    """
    check_support()
    from baselines.registry import BASELINES
    from tpr.inference.online import infer
    from tpr.parallel.distributed import is_main
    from tpr.probes.mechanism import VIDEOS, probe

    weights, videos = inputs["train"] / "weights.pt", dataset(inputs["videos"], "val")
    speed = infer(spec, videos, weights, out, log, temporal=BASELINES)
    if not is_main():
        return {}
    if spec["evaluation"] is None:
        return submission(inputs["videos"] / "val.json", out) | speed
    log.info("evaluating")
    files = inputs["videos"] / "val.json", out / "results.json"
    found = measures(*files, spec["evaluation"], out / MATCHES) | speed
    log.info("probing the mechanism")
    number = spec["evaluation"].get("probe_videos", VIDEOS)
    mechanism = probe(spec, videos, weights, temporal=BASELINES, videos=number)
    return found | {"mechanism": mechanism}


def evaluate_dose(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """Tracks of dosed videos by a trained model: results.json and the matches with the true tracks,
    matches.npz.xz, in `out`; AP and what it loses to kinds of errors, with draws of a bootstrap."""
    check_support()
    from baselines.registry import BASELINES
    from experiments.pipeline.dose_measures import dose_measures
    from tpr.inference.online import infer
    from tpr.parallel.distributed import is_main

    weights, videos = inputs["train"] / "weights.pt", dataset(inputs["videos"], "val")
    speed = infer(spec, videos, weights, out, log, temporal=BASELINES)
    if not is_main():
        return {}
    log.info("evaluating")
    truth, results = inputs["videos"] / "val.json", out / "results.json"
    return dose_measures(truth, results, spec["evaluation"], out / MATCHES) | speed


def associate(spec: Spec, inputs: Inputs, out: Path, log: Log) -> Record:
    """The validation videos' objects found once and carried by every tracker: <tracker>.json in
    `out`, and what each is worth."""
    check_support()
    from experiments.pipeline.association import associate

    weights, videos = inputs["train"] / "weights.pt", inputs["videos"]
    return associate(spec, dataset(videos, "val"), weights, videos / "val.json", out, log)


def submission(videos: Path, out: Path) -> Record:
    """Checks results.json as the server would and packs it: submission.zip in `out`."""
    from tpr.evaluation.archive import pack, validate_archive

    path = pack(out / "results.json", out / "submission.zip")
    problems = validate_archive(videos, path)
    if problems:
        raise ValueError(f"{path}: {len(problems)} problems, the first: {problems[0]}")
    return {"submission": path.name}


def dataset(folder: Path, split: str) -> YouTubeVIS:
    from tpr.data.prepared import open_split

    return open_split(folder, split)


BODIES = {
    "videos": data,
    "images": data,
    "pretrain": pretrain,
    "pretrain-flow": pretrain_flow,
    "train": train,
    "evaluate": evaluate,
    "offset-fit": offset_fit,
    "dosed-videos": data,
    "evaluate-dose": evaluate_dose,
    "associate": associate,
}
