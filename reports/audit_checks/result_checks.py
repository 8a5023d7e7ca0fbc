"""Checks of the published accuracies and speeds against each other.

Every number in a finding comes from the transcription; what a finding says depends on it, too.
"""

from reports.audit_checks.finding import STANDS_OUT, Finding, outcome
from reports.numbers import number, signed
from reports.paper.transcription import Paper

HALF = 0.05 + 1e-9  # printed numbers are rounded to one digit
PAIRS = (  # table, without TPR, with TPR
    ("1a", "baseline-r50", "tpr-r50"),
    ("1a", "baseline-r101", "tpr-r101"),
    ("1e", "sipmask", "sipmask-tpr"),
    ("1e", "yolact", "yolact-tpr"),
    ("1e", "masktrack", "masktrack-tpr"),
)
GAINS = {"dacr": "dacr", "cpr": "cpr", "both": "tpr"}


def one_result_many_tables(paper: Paper) -> list[Finding]:
    """Runs that stand in several tables should have one AP in all of them; a finding for each."""
    found: dict[str, dict[str, float]] = {}
    for table, row, name, value in paper.numbers():
        run = paper.row(table, row).get("run")
        if name == "AP" and run:
            found.setdefault(run, {})[table] = value
    findings: list[Finding] = []
    for run, values in found.items():
        if len(values) < 2:
            continue
        gap = max(values.values()) - min(values.values())
        steps = ", ".join(f"Table {table}: {number(value)}" for table, value in values.items())
        says = f"The values are {number(gap)} apart." if gap else "One value everywhere."
        title = f"AP of {run} in all tables"
        findings.append(Finding(title, _tables(values), (steps,), says, outcome(gap == 0)))
    return sorted(findings, key=lambda finding: finding.outcome != STANDS_OUT)


def masktrack_twice(paper: Paper) -> Finding:
    ours, theirs = paper.value("1e", "masktrack", "AP"), paper.value("2", "masktrack", "AP")
    step = f"Table 1e: {number(ours)}, Table 2: {number(theirs)}"
    says = f"{signed(theirs - ours)}: Table 2 may quote the original paper; neither says which."
    same = ours == theirs
    return Finding("MaskTrack R-CNN without TPR", "Tables 1e, 2", (step,), says, outcome(same))


def equal_pairs(paper: Paper) -> Finding:
    first = [paper.value("1a", row, "AP") for row in ("baseline-r50", "tpr-r50")]
    second = [paper.value("1e", row, "AP") for row in ("sipmask", "sipmask-tpr")]
    steps = tuple(
        f"{name}: {number(a)} to {number(b)}"
        for name, (a, b) in (("BlendMask", first), ("SipMask", second))
    )
    same = first == second
    says = (
        "Two different methods have the same AP before and after TPR."
        if same
        else "The two methods have pairs of their own."
    )
    return Finding(
        "BlendMask's pair and SipMask's pair", "Tables 1a, 1e", steps, says, outcome(not same)
    )


def gains_in_words(paper: Paper) -> Finding:
    claim = paper.text["gain"]
    gains = {pair: _gain(paper, *pair) for pair in PAIRS}
    steps = tuple(f"{_label(paper, *pair)}: {signed(gain)}" for pair, gain in gains.items())
    low, high = claim["low"] - HALF, claim["high"] + HALF
    outside = [pair for pair, gain in gains.items() if not low <= gain <= high]
    span = f"{number(claim['low'], 0)} and {number(claim['high'], 0)}"
    says = f"{len(gains) - len(outside)} of {len(gains)} gains lie between {span}"
    says += "".join(f"; {_label(paper, *pair)} gains {number(gains[pair])}" for pair in outside)
    return Finding(
        f"“{claim['quote']}”",
        f"§{claim['section']}, Tables 1a, 1e",
        steps,
        says + ".",
        outcome(not outside),
    )


def relative_or_absolute(paper: Paper) -> Finding:
    claim = paper.text["relative-gain"]
    steps: list[str] = []
    absolute: list[float] = []
    relative: list[float] = []
    for table, baseline, routed in PAIRS[:2]:
        gain, start = _gain(paper, table, baseline, routed), paper.value(table, baseline, "AP")
        absolute.append(gain)
        relative.append(100 * gain / start)
        steps.append(f"{number(gain)} / {number(start)} = {number(relative[-1])} %")
    matches = _close(relative, claim)
    says = f"Relative gains are {_span(relative)} %, absolute ones {_span(absolute)} points"
    says += "." if matches else ": the sentence gives absolute gains."
    return Finding(
        f"“{claim['quote']}”",
        f"§{claim['section']}, Table 1a",
        tuple(steps),
        says,
        outcome(matches),
    )


def gains_of_the_text(paper: Paper) -> Finding:
    """The gains that Sec. 4.2 states for rows of Table 1(a), compared with the rows."""
    cases = [(f"{name}-gain", "baseline-r50", f"{row}-r50") for name, row in GAINS.items()]
    cases.append(("r101-gain", "baseline-r101", "tpr-r101"))
    steps: list[str] = []
    wrong = 0
    for claim, baseline, row in cases:
        gain, said = _gain(paper, "1a", baseline, row), paper.text[claim]["value"]
        steps.append(f"{paper.row('1a', row)['label']}: {signed(gain)}, text {signed(said)}")
        wrong += abs(gain - said) > HALF
    says = f"{len(cases) - wrong} of {len(cases)} gains are those of the table."
    return Finding("Gains in the text", "§4.2, Table 1a", tuple(steps), says, outcome(not wrong))


def parts_add_up(paper: Paper) -> Finding:
    start = paper.value("1a", "baseline-r50", "AP")
    dacr, cpr, both = (paper.value("1a", f"{n}-r50", "AP") - start for n in ("dacr", "cpr", "tpr"))
    step = f"{signed(dacr)} (DACR) {signed(cpr)} (CPR) = {signed(dacr + cpr)}; both: {signed(both)}"
    same = abs(dacr + cpr - both) < HALF
    says = "The two gains add up exactly." if same else "The two gains do not add up."
    return Finding("Gains of DACR and CPR, and of both", "Table 1a", (step,), says, outcome(same))


def same_impact(paper: Paper) -> Finding:
    claim, start = paper.text["same-impact"], paper.value("1b", "baseline", "AP")
    first, second, both = (paper.value("1b", r, "AP") - start for r in ("eq4", "eq5", "eq45"))
    steps = (
        f"Eq. 4 alone {signed(first)}, Eq. 5 alone {signed(second)}",
        f"together {signed(both)} of {signed(first + second)} if they added up",
    )
    says = f"The two differ by {number(abs(first - second))}."
    same = abs(first - second) < HALF
    return Finding(
        f"“{claim['quote']}”", f"§{claim['section']}, Table 1b", steps, says, outcome(same)
    )


def below_the_start(paper: Paper) -> Finding:
    """Compares modules that tables list as alternatives with the rows that they are added to."""
    cases = [("1d", row, "cpr") for row in paper.rows("1d") if row != "cpr"]
    cases += [("1c", row, "dacr") for row in paper.rows("1c") if row != "dacr"]
    steps: list[str] = []
    below = 0
    for table, row, start in cases:
        gain = paper.value(table, row, "AP") - paper.value(table, start, "AP")
        steps.append(f"Table {table}, {paper.row(table, row)['label']}: {signed(gain)}")
        below += gain < 0
    says = f"{below} of {len(cases)} variants score below what they were added to."
    return Finding(
        "Variants against their own starting points",
        "Tables 1c, 1d",
        tuple(steps),
        says,
        outcome(not below),
    )


def strict_overlap(paper: Paper) -> Finding:
    """Whether TPR changes AP75 in the same direction as AP, for the pairs of Table 2."""
    steps: list[str] = []
    opposite: list[str] = []
    for baseline, routed in (("blendmask", "blendmask-tpr"), ("sipmask", "sipmask-tpr")):
        gain, strict = (
            paper.value("2", routed, name) - paper.value("2", baseline, name)
            for name in ("AP", "AP75")
        )
        label = paper.row("2", routed)["label"]
        steps.append(f"{label}: AP {signed(gain)}, AP75 {signed(strict)}")
        if gain * strict < 0:
            opposite.append(
                f"{label}: AP75 moves by {signed(strict)} while AP moves by {signed(gain)}"
            )
    says = "; ".join(opposite) or "AP75 moves as AP does"
    return Finding("AP75 and AP", "Table 2", tuple(steps), says + ".", outcome(not opposite))


def orders_within_rows(paper: Paper) -> Finding:
    """AP50 is at least AP and AP75, AR10 at least AR1, by definition."""
    wrong: list[str] = []
    rows = 0
    for row in paper.rows("2").values():
        for more, less in (("AP50", "AP"), ("AP50", "AP75"), ("AR10", "AR1")):
            if more in row and less in row:
                rows += 1
                if row[more] < row[less]:
                    wrong.append(f"{row['label']}: {more} {row[more]} < {less} {row[less]}")
    says = f"{rows - len(wrong)} of {rows} comparisons hold."
    return Finding(
        "AP50 ≥ AP, AP50 ≥ AP75, AR10 ≥ AR1", "Table 2", tuple(wrong), says, outcome(not wrong)
    )


def best_model(paper: Paper) -> Finding:
    claim, row = paper.text["best"], paper.row("2", "blendmask-tpr-r101dcn")
    step = f"Table 2: AP {number(row['AP'])}, {number(row['FPS'])} FPS"
    same = all(row[name] == claim[name] for name in ("AP", "FPS"))
    says = "Text and table agree." if same else "Text and table differ."
    where = f"§{claim['section']}, Table 2"
    return Finding(f"“{claim['quote']}”", where, (step,), says, outcome(same))


def luck_of_training(paper: Paper) -> Finding:
    """The published gains, each from one training, beside the spread between equal trainings."""
    repeated = paper.repeated
    spreads = [case["high"] - case["low"] for case in repeated]
    steps = [
        f"{case['model']}, {case['runs']} ({case['source']}): AP {number(case['low'])} to "
        f"{number(case['high'])}, {number(spread)} apart"
        for case, spread in zip(repeated, spreads, strict=True)
    ]
    gains = {pair: _gain(paper, *pair) for pair in PAIRS}
    steps += [f"TPR on {_label(paper, *pair)}: {signed(gain)}" for pair, gain in gains.items()]
    within = sum(gain <= max(spreads) + 1e-9 for gain in gains.values())
    says = (
        f"{within} of {len(gains)} gains are no larger than the wider of these spreads; the tables "
        "give no number of trainings and no deviation."
    )
    title = "Gains and the luck of training"
    return Finding(title, "Tables 1a, 1e", tuple(steps), says, outcome(not within))


def _gain(paper: Paper, table: str, baseline: str, routed: str) -> float:
    return paper.value(table, routed, "AP") - paper.value(table, baseline, "AP")


def _label(paper: Paper, table: str, baseline: str, routed: str) -> str:
    return paper.row(table, baseline)["label"]


def _close(values: list[float], claim: dict[str, float]) -> bool:
    return abs(min(values) - claim["low"]) < HALF and abs(max(values) - claim["high"]) < HALF


def _span(values: list[float]) -> str:
    return f"{number(min(values))} to {number(max(values))}"


def _tables(values: dict[str, float]) -> str:
    return f"Tables {', '.join(values)}"


def result_findings(paper: Paper) -> list[Finding]:
    single = (
        masktrack_twice,
        equal_pairs,
        strict_overlap,
        gains_in_words,
        relative_or_absolute,
        luck_of_training,
        same_impact,
        below_the_start,
        gains_of_the_text,
        parts_add_up,
        best_model,
        orders_within_rows,
    )
    return one_result_many_tables(paper) + [check(paper) for check in single]
