"""Measured speeds as cells of text, beside ratios of the paper's speeds."""

from dataclasses import dataclass
from typing import Any

from reports.numbers import number
from reports.paper.transcription import Paper

PUBLISHED = (  # label, rows of Table 2 with and without TPR
    ("BlendMask", "blendmask-tpr", "blendmask"),
    ("SipMask", "sipmask-tpr", "sipmask"),
)


@dataclass(frozen=True)
class SpeedRow:
    variant: str
    inference_fps: str
    inference_ratio: str
    network_fps: str
    network_ratio: str


@dataclass(frozen=True)
class DeviceSpeed:
    """Speeds on one device. work: as text, the share of the gated work that each variant with gates
    does; "" if unknown."""

    device: str
    rows: list[SpeedRow]
    rounds: int
    work: str


@dataclass(frozen=True)
class SpeedSection:
    """published: the paper's ratios as text; size: of frames, width times height."""

    devices: list[DeviceSpeed]
    published: list[str]
    frames: int
    detections: int
    size: str


def speed_section(record: dict[str, Any], paper: Paper) -> SpeedSection:
    """record: results/full/speed.json."""
    settings = record["settings"]
    return SpeedSection(
        devices=[_device(one) for one in record["devices"]],
        published=[_published(paper, *one) for one in PUBLISHED],
        frames=settings["frames"],
        detections=settings["detections"],
        size=f"{settings['size'][1]}×{settings['size'][0]}",
    )


def _device(device: dict[str, Any]) -> DeviceSpeed:
    rows = [_row(name, one) for name, one in device["variants"].items()]
    return DeviceSpeed(device["name"], rows, device["rounds"], _work(device["variants"]))


def _work(variants: dict[str, dict[str, Any]]) -> str:
    """As text, the share of gated work by variant: more than the share of open gates, as an open
    position needs its neighbours."""
    shares = {name: one.get("gated_work_done") for name, one in variants.items()}
    known = {name: number(100 * share) for name, share in shares.items() if share is not None}
    return "; ".join(f"{name} {share} %" for name, share in known.items())


def _row(name: str, one: dict[str, Any]) -> SpeedRow:
    execution = one.get("execution")  # not in records of before November 2026
    return SpeedRow(
        name if not execution or execution in name else f"{name}, {execution}",
        number(one["inference"]["fps"], 2),
        _ratio(one["inference"]["ratio"]),
        number(one["network"]["fps"], 2),
        _ratio(one["network"]["ratio"]),
    )


def _ratio(ratio: dict[str, float]) -> str:
    median, low, high = (number(ratio[name], 2) for name in ("median", "min", "max"))
    return f"{median} ({low} to {high})"


def _published(paper: Paper, label: str, routed: str, baseline: str) -> str:
    a, b = paper.value("2", routed, "FPS"), paper.value("2", baseline, "FPS")
    return f"{label} {number(a)} / {number(b)} = {number(a / b, 2)}"
