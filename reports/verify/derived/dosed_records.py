"""Which records of dosed evaluations the page may show, and how many it leaves out."""

import json

from reports.verify.facts import Facts, Json, Record, read_json, record_paths

At = tuple[str, float, bool]  # factor, dose, whether the model was trained at it


def dose_records(facts: Facts) -> tuple[list[Record], int]:
    """Those that agree with the last one on videos, settings and weights, and how many do not."""
    folder = facts.root / "results" / facts.profile
    read = [Record(path, read_json(path)) for path in record_paths(folder, "doses")]
    read = [one for one in read if one.raw["profile"] == facts.profile]
    found = read
    for last in (_same_videos, _same_settings, _same_weights):
        latest = dict(last(one) for one in sorted(found, key=_finished))
        found = [one for one in found if latest[last(one)[0]] == last(one)[1]]
    return found, len(read) - len(found)


def not_shipped(facts: Facts) -> int:
    """How many lie beside those that ship."""
    folder = facts.root / "results" / facts.profile
    ship = {name for name in read_json(folder / "shipped.json") if name.startswith("doses/")}
    if not ship:
        return 0
    beside = {f"doses/{path.name}" for path in (folder / "doses").glob("*.json")} - ship
    return len(beside) + len([*(folder / "own" / "doses").glob("*.json")])


def at_of(record: Record) -> At:
    dose, trained = record.raw["dose"], bool(record.raw["trained_at_dose"])
    return str(dose["factor"]), float(dose["value"]), trained


def _finished(record: Record) -> str:
    return record.raw["evaluate"].get("finished", "")


def _same_videos(record: Record) -> tuple[object, str]:
    made = record.raw["evaluate"]
    return at_of(record), json.dumps([made["inputs"]["videos"], made["spec"]["evaluation"]])


def _same_settings(record: Record) -> tuple[object, str]:
    trained: Json = {**record.raw["train"].get("spec", {})}
    trained.pop("seed", None)
    carried_out = ("checkpoint_every", "micro_batch")  # no part of a training's key
    settings = trained.get("train", {}).items()
    trained["train"] = {k: k in carried_out or v for k, v in settings}
    text = json.dumps([trained, record.raw["evaluate"]["spec"]], sort_keys=True)
    return (record.run, at_of(record)[2]), text


def _same_weights(record: Record) -> tuple[object, str]:
    at = at_of(record)
    return (record.run, record.seed, at if at[2] else ""), record.raw["evaluate"]["inputs"]["train"]
