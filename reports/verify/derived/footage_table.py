"""How a profile's videos move beside recorded ones: the expected table and its sources."""

from reports.verify.derived.expected import Column, Expected, ExpectedTable, column
from reports.verify.facts import Facts, Json
from reports.verify.words import fixed

SECTION = "How the videos move"
ROWS = {
    "displacement, in sizes of the object": "displacement_sizes",
    "displacement, in cells of its own level": "displacement_own_level",
    "displacement, in cells of P3": "displacement_p3",
    "change of scale, in octaves": "scale_change",
    "IoU of its masks, centred": "centred_iou",
    "size, in pixels": "size",
    "mean overlap of boxes (mBOR)": "box_overlap",
    "mean number of objects a video": "objects",
    "mean share of frames that show it": "presence",
}


def expect_footage(facts: Facts) -> Expected:
    """Nothing where no statistics are kept, or those of other videos than the records'."""
    datasets = {record.raw["evaluate"].get("dataset") for record in facts.shown}
    if facts.footage.get("dataset") not in datasets:
        return Expected()
    own = facts.footage["data"][0]["measures"]
    columns = [
        column("of an object, a frame to the next", list(ROWS)),
        column(facts.profile, [_cell(own[name], label) for label, name in ROWS.items()]),
        *(_known(one) for one in facts.known_footage),
    ]
    notes = [
        f"{one['name']}: {one['source']}" + (f" ({one['how']})" if "how" in one else "") + "."
        for one in facts.known_footage
    ]
    context = {"footage_notes": " ".join(notes)}
    return Expected([ExpectedTable((SECTION,), columns)], [(SECTION, context)])


def _cell(one: Json, label: str) -> str:
    values = [one["mean"]] if label.startswith("mean ") else one["quartiles"]
    return " ".join(map(_rounded, values))


def _known(one: Json) -> Column:
    found = {**one.get("quartiles", {}), **{k: [v] for k, v in one.get("means", {}).items()}}
    cells = [
        " ".join(map(_rounded, found[name])) if name in found else "–" for name in ROWS.values()
    ]
    return column(one["name"], cells)


def _rounded(value: float) -> str:
    return fixed(value, 2 if value < 0.995 else 1 if value < 9.95 else 0)
