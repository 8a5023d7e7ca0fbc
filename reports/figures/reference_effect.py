"""The page's picture of what each temporal module brought from the reference frame of one clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.figures.figure import Figure
from reports.figures.stage_folders import stage_folder
from reports.paper.published_tables import Table
from reports.records.run_record import Record, by_run
from tpr.files import write_atomically

if TYPE_CHECKING:
    from baselines.brought import Brought
    from tpr.data.youtube_vis import YouTubeVIS

WEIGHTS = "weights.pt"


@dataclass(frozen=True)
class Trained:
    """Runs with a temporal module, at one seed, whose weights and videos are still at hand."""

    specs: dict[str, dict[str, Any]]  # of their evaluations, by run
    weights: dict[str, Path]
    seed: int
    videos: Path
    sources: dict[str, str]


def find_trained(runs: Path, table: Table, records: list[Record]) -> Trained | None:
    """The table's runs at the seed with the most modules at hand, of equals the lowest.

    None for tables that show no module but TPR.
    """
    chosen: list[tuple[Record, Path]] = []
    for seed in sorted({record.seed for record in records}):
        found = _at_hand(runs, table, records, seed)
        chosen = max(chosen, found, key=lambda some: len({module_name(r) for r, _ in some}))
    if {module_name(r) for r, _ in chosen} <= {"tpr"}:
        return None
    first = chosen[0][0]
    videos = stage_folder(runs, {"key": first.evaluate.get("inputs", {}).get("videos")})
    if videos is None:
        return None
    specs = {r.run: r.evaluate["spec"] for r, _ in chosen}
    weights = {r.run: path for r, path in chosen}
    sources = {r.name: r.train["key"] for r, _ in chosen}
    return Trained(specs, weights, first.seed, videos, sources)


def _at_hand(
    runs: Path, table: Table, records: list[Record], seed: int
) -> list[tuple[Record, Path]]:
    """Of the table's runs with a temporal module those whose weights at this seed are there."""
    grouped = by_run(records)
    found = [grouped[run][seed] for run in table.runs if seed in grouped.get(run, {})]
    folders = [(r, stage_folder(runs, r.train)) for r in found if module_name(r)]
    return [(r, f / WEIGHTS) for r, f in folders if f and (f / WEIGHTS).is_file()]


def module_name(record: Record) -> str | None:
    """Name of the run's temporal module, None without one."""
    temporal = record.evaluate.get("spec", {}).get("model", {}).get("temporal")
    return temporal["name"] if temporal else None


def brought_in_clip(
    spec: dict[str, Any], weights: Path, dataset: "YouTubeVIS", index: int, t: int
) -> "Brought":
    """Plays a video as inference does, up to frame t; what frame t then took from the one before.

    spec: an evaluation's; t must be at least 1, so that there is a frame before.
    """
    import torch

    from baselines.brought import brought
    from baselines.registry import BASELINES
    from tpr import checkpoint
    from tpr.infer import Playback, network_input, refine
    from tpr.models.build import build_model

    model = build_model(spec["model"], len(dataset.categories), temporal=BASELINES)
    checkpoint.load_weights(model, weights)
    model.eval()
    video, settings = dataset.videos[index], spec["infer"]
    playback = Playback(video)
    for k in range(t):
        refine(model, network_input(dataset, video, k, settings), [playback], settings)
    with torch.no_grad():
        query = model.frames(network_input(dataset, video, t, settings))
    return brought(model.temporal, query, playback.previous)


def draw_brought(trained: Trained, folder: Path, name: str) -> Figure:
    """Write the picture to folder/name and describe it."""
    from reports.figures.reference_effect_sheet import LEVELS, sheet
    from tpr.data.prepared import open_split
    from tpr.drawing import encode_image

    dataset = open_split(trained.videos, "val")
    index = len(dataset.videos) // 2
    t = max(dataset.videos[index].length // 2, 1)
    found = {
        run: brought_in_clip(spec, trained.weights[run], dataset, index, t)
        for run, spec in trained.specs.items()
    }
    frames = [dataset.read_frame(dataset.videos[index], k) for k in (t - 1, t)]
    picture, brightest, farthest = sheet(frames, found)
    write_atomically(folder / name, encode_image(picture, Path(name).suffix))
    levels = ", ".join(level.upper() for level in LEVELS)
    return Figure(
        name,
        "What each module brought from the frame before",
        f"Heat maps over one frame for {len(found)} runs: how much the frame before changed the "
        f"features on {levels}, and where each module looked or let features in.",
        f"Seed {trained.seed}, the middle frame of the middle validation video, not chosen by "
        f"result. First row: the frame before and the frame. Below, for each run: the size of the "
        f"change to the features of {levels} when the module sees the frame before instead of the "
        f"frame itself, relative to the features (brightest {100 * brightest:.0f} %, one scale for "
        f"all); then on P3 the motion that it sampled along (hue is the direction, the strongest "
        f"colour {farthest:.1f} pixels), or the inner gate on the frame before.",
        trained.sources,
    )
