"""What the page says about costs: frames as cells of text. No markup here."""

from pathlib import Path
from typing import Any

import pandas as pd

from experiments.layout import Layout
from reports.costs.cost_frames import TABLES, Costs, Shares, cost_frame, open_shares, parts_frame
from reports.costs.cost_words import differences
from reports.numbers import number, signed
from reports.paper.transcription import Paper
from reports.records.run_record import Record
from tpr.data.json_input import read_json

STATES = ("closed", "min", "mean", "max", "open")
GATED_RUN = "blendmask-r50+tpr"  # whose parts and gates the page shows


def cost_view(
    layout: Layout, paper: Paper, costs: Costs, problems: list[str], records: list[Record]
) -> dict[str, Any]:
    """The section on costs: its tables, parts, gates, speed; empty lists where nothing has been
    measured."""
    frames = {table: cost_frame(paper, table, costs, records) for table in TABLES}
    return {
        "measured": bool(costs),
        "problems": problems,
        "tables": [_table(paper, table, frame) for table, frame in frames.items()],
        "differences": differences(paper, costs, records),
        "parts": _parts(costs.get(GATED_RUN)),
        "gated_run": GATED_RUN,
        "gates": _gates(open_shares(records, GATED_RUN)),
        "size": _size(costs),
        "speed": speed_view(layout.speed, paper),
        "public": public_view(layout.costs),
    }


def public_view(path: Path) -> list[dict[str, str]]:
    """Parameters of public models beside ours; empty where nothing has been measured."""
    found = read_json(path).get("public", []) if path.is_file() else []
    counts = ("parameters", "ours")
    return [one | {name: f"{one[name]:,}" for name in (*counts, "classes")} for one in found]


def _size(costs: Costs) -> str:
    sizes = {(*cost["size"][::-1], *cost["padded"][::-1]) for cost in costs.values()}
    return "; ".join(f"{w}×{h}, padded to {W}×{H}" for w, h, W, H in sorted(sizes))


def _table(paper: Paper, table: str, frame: pd.DataFrame) -> dict[str, Any]:
    gflops = [name for name in frame.columns if name.startswith("paper_GFLOPs")]
    rows = [_row(row, gflops) for row in frame.to_dict("records")]
    names = [name.removeprefix("paper_GFLOPs_") for name in gflops]
    title = paper.tables[table]["title"]
    return {"id": table, "title": title, "paper": names, "rows": rows}


def _row(row: dict[str, Any], gflops: list[str]) -> dict[str, Any]:
    over = None if pd.isna(row["over"]) else row["over"]
    show = signed if over else number
    present = row["status"] == "measured"
    cells = {
        convention: [show(row[f"{convention}_{state}"]) if present else "–" for state in STATES]
        for convention in ("published", "executed")
    }
    return {
        "label": row["row"],
        "run": row["run"],
        "over": over,
        "present": present,
        "paper_AP": number(row["paper_AP"]),
        "AP": number(row["AP"]),
        "paper_params": show(row["paper_params"]),
        "params": show(row["params"], 2) if present else "not run",
        "paper": [show(row[name]) for name in gflops],
        **cells,
    }


def _parts(cost: dict[str, Any] | None) -> list[dict[str, Any]]:
    if cost is None:
        return []
    frame = parts_frame(cost)
    total = frame[["params", "executed", "published"]].sum().to_dict()
    rows = [*frame.to_dict("records"), {"part": "all", "temporal": False, **total}]
    names = ("params", "executed", "published")
    return [row | {name: number(row[name], 2) for name in names} for row in rows]


def _gates(shares: Shares | None) -> list[dict[str, str]]:
    """Share of the gated work that is done, in percent, in all and by level."""
    if shares is None:
        return []
    rows = []
    for level, spread in shares.items():
        values = {name: number(100 * value) for name, value in spread.items()}
        rows.append({"level": level} | values)
    return rows


def speed_view(path: Path, paper: Paper) -> dict[str, Any] | None:
    """Measured speeds by device, and the published ratios; None if nothing was measured."""
    if not path.is_file():
        return None
    record = read_json(path)
    devices = []
    for device in record["devices"]:
        rows = [_speed_row(name, one) for name, one in device["variants"].items()]
        devices.append({"device": device["name"], "rows": rows, "rounds": device["rounds"]})
    published = []
    for label, routed, baseline in (
        ("BlendMask", "blendmask-tpr", "blendmask"),
        ("SipMask", "sipmask-tpr", "sipmask"),
    ):
        a, b = paper.value("2", routed, "FPS"), paper.value("2", baseline, "FPS")
        published.append(f"{label} {number(a)} / {number(b)} = {number(a / b, 2)}")
    settings = record["settings"]
    return {
        "devices": devices,
        "published": published,
        "frames": settings["frames"],
        "detections": settings["detections"],
        "size": f"{settings['size'][1]}×{settings['size'][0]}",
    }


def _speed_row(name: str, one: dict[str, Any]) -> dict[str, str]:
    execution = one.get("execution")  # not in records of before November 2026
    out = {"variant": name if not execution or execution in name else f"{name}, {execution}"}
    for kind in ("inference", "network"):
        ratio = one[kind]["ratio"]
        out[f"{kind}_fps"] = number(one[kind]["fps"], 2)
        out[f"{kind}_ratio"] = (
            f"{number(ratio['median'], 2)} ({number(ratio['min'], 2)} to {number(ratio['max'], 2)})"
        )
    return out
