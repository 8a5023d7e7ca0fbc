"""How much of the motion the method's offsets can predict, from fits to the exact flow (stage
offset-fit)."""

from collections.abc import Mapping
from typing import Any

from reports.audit_checks.finding import MISSING, Finding, outcome
from reports.numbers import number

TITLE = "Whether Eq. 4's offsets can follow motion, even when told the answer"
WHERE = "Section 3.2, Eq. 4"
NAMES = {
    "linear": "one 3×3 convolution of both frames (the paper's)",
    "hidden layer": "two convolutions with norm and ReLU (the release's)",
    "local correlation": "local correlation and two convolutions (ours)",
}
WORTH = 0.05  # a head sees motion if it lowers the error of no displacement by this share


def offset_findings(fits: Mapping[str, dict[str, Any]]) -> list[Finding]:
    """A finding for each profile whose offsets were fitted; one that says so where none were."""
    if not fits:
        says = "No profile's offsets were fitted: ./run_all.sh offset-fit"
        return [Finding(TITLE, WHERE, (), says, MISSING)]
    return [offset_finding(profile, fit["metrics"]) for profile, fit in fits.items()]


def offset_finding(profile: str, fit: dict[str, Any]) -> Finding:
    heads: dict[str, dict[str, Any]] = fit["heads"]
    steps = tuple(
        f"{NAMES[name]}: end-point error {number(one['error'], 2)} cells, no displacement "
        f"{number(one['none'], 2)}; correlation {number(one['correlation'], 2)}; "
        f"{number(percent(one['r2']))} % of the variance explained"
        for name, one in heads.items()
    )
    linear, best = heads["linear"], min(heads.values(), key=lambda one: one["error"])
    says = (
        f"Each head is fitted to the exact flow of {fit['pairs']} pairs of training frames of "
        f"{profile} and measured on {fit['held_out_pairs']} held-out ones, on "
        f"{fit['level'].upper()} of the pretrained image model, frozen. A convolution of Cat(X_r, "
        "X_q) is linear in both frames, and comparing them takes a product: the paper's head takes "
        f"{number(percent(gain(linear)))} % off the error of looking nowhere else, the best of "
        f"these {number(percent(gain(best)))} %."
    )
    return Finding(f"{TITLE} ({profile})", WHERE, steps, says, outcome(gain(linear) >= WORTH))


def gain(one: dict[str, Any]) -> float:
    """The share by which a head lowers the error of predicting no displacement."""
    return 1 - one["error"] / one["none"]


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
