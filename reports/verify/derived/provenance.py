"""Where numbers come from, how much has run: expected tables, and values for the page's opening."""

from collections import Counter

from reports.verify.derived.expected import Context, Expected, ExpectedTable, column
from reports.verify.facts import METRICS, Facts, Json, part
from reports.verify.words import DASH, fixed, machine, minute, time_taken

SECTION = ("Where the numbers come from",)


def expect_provenance(facts: Facts) -> Expected:
    records = facts.shown
    evaluations = [one.raw["evaluate"] for one in records]
    keys = {
        name: [part(one.raw, kind).get("key", "")[:12] or DASH for one in records]
        for name, kind in (("evaluation", "evaluate"), ("training", "train"))
    }
    table = ExpectedTable(
        SECTION,
        [
            column("run", [one.run for one in records]),
            column("seed", [str(one.seed) for one in records]),
            *(column(name, [fixed(one.value(name)) for one in records]) for name in METRICS),
            *(column(name, cells) for name, cells in keys.items()),
            column("pretraining", [_pretraining(part(one.raw, "pretrain")) for one in records]),
            column("dataset", [str(one.get("dataset") or DASH)[:12] for one in evaluations]),
            column("commit", [_commit(part(one, "git")) for one in evaluations]),
            column("time", [time_taken(one.seconds) for one in records]),
            column("finished", [minute(one.get("finished")) for one in evaluations]),
            column("machine", [machine(one.get("hardware")) for one in evaluations]),
        ],
    )
    named: list[tuple[str, Context]] = [  # as tables say which are of other code
        (table.paper, {"record_name": record.name})
        for table in facts.tables
        for row in table.rows
        for record in facts.records.get(row.run, {}).values()
    ]
    commits = {_commit({"commit": part(one, "git").get("commit")}) for one in evaluations}
    named += [("", {"since_commit": commit}) for commit in sorted(commits)]
    sets = [(SECTION[0], one) for one in _sets(facts)]
    return Expected([table], [("", _opening(facts)), *sets, *named])


def _pretraining(part: Json) -> str:
    key = part.get("key", "")[:12] or DASH
    return f"{key} shipped" if part and "stage" not in part else key


def _commit(git: Json) -> str:
    return str(git.get("commit") or DASH)[:9] + (" + changes" if git.get("dirty") else "")


def _opening(facts: Facts) -> dict[str, str]:
    runs = {row.run for table in facts.tables for row in table.rows}
    counts = Counter(record.run for record in facts.shown).values()
    seconds = [record.seconds for record in facts.shown]
    videos = sorted({str(one.metrics["videos"]) for one in facts.shown if "videos" in one.metrics})
    made = machines(facts)
    return {
        "profile": facts.profile,
        "runs_done": str(len(facts.shown_runs)),
        "runs_all": str(len(runs)),
        "seeds_a_run": " to ".join(str(n) for n in sorted({min(counts), max(counts)}))
        if counts
        else DASH,
        "videos": ", ".join(videos) or DASH,
        "record_days": _days(facts),
        "last_commit": _last_commit(facts),
        "total_time": time_taken(sum(seconds)) if seconds else DASH,
        "trainings": str(len(facts.shown)),
        "shortest": time_taken(min(seconds, default=None)),
        "longest": time_taken(max(seconds, default=None)),
        "machines": str(len(made)),
        "machine_names": "; ".join(made),
        "machine_counts": "; ".join(f"{name} ({n})" for name, n in made.items()),
    }


def _days(facts: Facts) -> str:
    """Of the first and the last evaluation."""
    days = sorted(minute(one.raw["evaluate"].get("finished"))[:10] for one in facts.shown)
    return " to ".join(dict.fromkeys(days[:1] + days[-1:])) or DASH


def _last_commit(facts: Facts) -> str:
    """Of the evaluation that was finished last."""
    if not facts.shown:
        return DASH
    last = max(facts.shown, key=lambda one: str(one.raw["evaluate"].get("finished")))
    return str(part(last.raw["evaluate"], "git").get("commit") or DASH)[:9]


def machines(facts: Facts) -> dict[str, int]:
    """With how many records each made, most first."""
    names = [machine(record.raw["evaluate"].get("hardware")) for record in facts.shown]
    return dict(Counter(names).most_common())


def _sets(facts: Facts) -> list[dict[str, str]]:
    """Package versions, with the records that were made with them."""
    sets: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for record in facts.shown:
        packages = tuple(sorted(part(record.raw["evaluate"], "packages").items()))
        sets.setdefault(packages, []).append(record.name)
    return [
        {
            "packages": " ".join(f"{name} {version}" for name, version in packages),
            "packages_listed": ", ".join(f"{name} {version}" for name, version in packages),
            "packages_of": "all records" if len(sets) == 1 else ", ".join(names),
        }
        for packages, names in sets.items()
    ]
