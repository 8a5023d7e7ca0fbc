"""The page's section on the mechanism: gains beside alignment, and where gates open."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.claims.pairs import pair_up
from reports.difficulty.ap_by_part import image_model
from reports.evidence.load import Evidence
from reports.mechanism.aligning import NOT_RUN, Aligning, aligning
from reports.mechanism.gate_places import GateRow, gate_rows
from reports.numbers import NOTHING, number, signed
from reports.records.run_record import Record, by_run
from reports.statistics.gain import Estimate
from reports.statistics.intervals import interval
from tpr.probes.places import PLACES


@dataclass(frozen=True)
class Mechanism:
    """A run's gain over its image model, None without a common seed, and how far it aligns."""

    run: str
    gain: Estimate | None
    aligns: Aligning | str


@dataclass(frozen=True)
class MechanismRow:
    """As text; followed: percent of the motion."""

    run: str
    gain: str
    bounds: str
    error: str
    none: str
    followed: str
    correlation: str


@dataclass(frozen=True)
class FlowRow:
    """End-point errors on pairs without degraded frames, as text: of a flow network, of taking
    nothing to move, and of OpenCV's DIS on the same cells."""

    run: str
    error: str
    none: str
    dis: str


@dataclass(frozen=True)
class MechanismSection:
    """rows: of all tables that ask for the mechanism; truth: what motion is measured by; flows: of
    runs with a flow network that was probed."""

    rows: list[MechanismRow]
    places: tuple[str, ...]
    gates: list[GateRow]
    flows: list[FlowRow]
    truth: str


def mechanisms(evidence: Evidence) -> list[Mechanism]:
    """Every run of the tables that ask for the mechanism, once, except image models.

    The last table comes first: our controls.
    """
    asked = [one for one in evidence.tables if one.table.mechanism][::-1]
    records = list({r.name: r for one in asked for r in one.records}.values())
    runs = list(dict.fromkeys(run for one in asked for run in one.table.runs))
    pairs = [(run, base) for run in runs if (base := image_model(run, runs))]
    return [of_run(run, base, records) for run, base in pairs]


def of_run(run: str, baseline: str, records: Sequence[Record]) -> Mechanism:
    own = list(by_run(records).get(run, {}).values())
    gain = pair_up(records, run, baseline, "AP").estimate()
    return Mechanism(run, gain, aligning(own))


def mechanism_section(evidence: Evidence) -> MechanismSection | None:
    """None where no table asks for it."""
    found = mechanisms(evidence)
    if not found:
        return None
    truths = [one.aligns.truth for one in found if isinstance(one.aligns, Aligning)]
    runs = {one.run: [r for r in evidence.records if r.run == one.run] for one in found}
    return MechanismSection(
        rows=[as_text(one) for one in found],
        places=PLACES,
        gates=gate_rows(runs),
        flows=[row for one in found if (row := flow_row(one))],
        truth=truths[0] if truths else "",
    )


def as_text(one: Mechanism) -> MechanismRow:
    known = one.aligns if isinstance(one.aligns, Aligning) else None
    word = one.aligns if isinstance(one.aligns, str) else ""
    return MechanismRow(
        run=one.run,
        gain=signed(one.gain.mean if one.gain else None, 2) if one.gain else NOT_RUN,
        bounds=interval(one.gain, 2) or NOTHING,
        error=number(known.error, 2) if known else word,
        none=number(known.none if known else None, 2),
        followed=signed(100 * known.followed, 0) if known else NOTHING,
        correlation=number(known.correlation if known else None, 2),
    )


def flow_row(one: Mechanism) -> FlowRow | None:
    """None of a module without a flow network."""
    known = one.aligns if isinstance(one.aligns, Aligning) else None
    if known is None or known.clean is None or known.dis is None:
        return None
    (error, none), (dis, _) = known.clean, known.dis
    return FlowRow(one.run, number(error, 2), number(none, 2), number(dis, 2))
