"""The report's rule for a claim's error, and others that it was chosen from.

A rule gives (P, C) probabilities that luck moves an estimated gain up by at least `distance`
(P, C), from what a page shows.
"""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from benchmarks.gain_statistics.worlds import Array, Page
from reports.statistics.confidence import tail

Rule = Callable[[Page, Array], Array]


def report(page: Page, distance: Array) -> Array:
    """The pair's own two errors, the sum of a t and a normal (`reports.statistics`)."""
    return tail(distance, page.seed_variance**0.5, page.shared**0.5, page.seeds - 1)


def no_less_than_draws(page: Page, distance: Array) -> Array:
    """The report's, with an error that is at least what videos alone give at these seeds."""
    over_seeds = np.maximum(page.seed_variance, page.of_mean - page.shared)
    return tail(distance, over_seeds**0.5, page.shared**0.5, page.seeds - 1)


def own_satterthwaite(page: Page, distance: Array) -> Array:
    """The same errors, with one t of Satterthwaite's degrees of freedom."""
    return _satterthwaite(page.seed_variance, page.seeds - 1, page.shared, distance)


def pooled(page: Page, distance: Array) -> Array:
    """One variance over seeds for all runs, not paired: the report's rule before."""
    runs, seeds = page.values.shape[1:]
    of_run = page.values.var(-1, ddof=1).mean(-1, keepdims=True)
    interaction = page.interaction.mean(-1, keepdims=True)
    over_videos = np.maximum(page.of_mean - interaction / seeds, 0.0)
    return _satterthwaite(2 * of_run / seeds, runs * (seeds - 1), over_videos, distance)


def moderated(page: Page, distance: Array) -> Array:
    """Paired variances shrunk towards those of all pairs, as limma does, with a prior that one odd
    pair does not move: median and median deviation of their logarithms."""
    freedom = page.seeds - 1
    logs = np.log(page.seed_variance) - special.digamma(freedom / 2) + np.log(freedom / 2)
    centre = np.median(logs, -1, keepdims=True)
    spread = (1.4826 * np.median(np.abs(logs - centre), -1, keepdims=True)) ** 2
    prior = 2 * _inverse_trigamma(np.maximum(spread - special.polygamma(1, freedom / 2), 1e-3))
    middle = np.exp(centre + special.digamma(prior / 2) - np.log(prior / 2))
    variance = (prior * middle + freedom * page.seed_variance) / (prior + freedom)
    return _satterthwaite(variance, prior + freedom, page.shared, distance)


def pooled_if_alike(page: Page, distance: Array) -> Array:
    """A pair's own variance where it departs from the median of all at a level of 10 %, one pooled
    over the others elsewhere."""
    freedom = page.seeds - 1
    middle = np.median(page.seed_variance, -1, keepdims=True)
    ratio = page.seed_variance / (middle / (stats.chi2.median(freedom) / freedom))
    alike = (stats.chi2.cdf(ratio * freedom, freedom) > 0.05) & (
        stats.chi2.sf(ratio * freedom, freedom) > 0.05
    )
    number = np.maximum(alike.sum(-1, keepdims=True), 1)
    pool = np.where(alike, page.seed_variance, 0.0).sum(-1, keepdims=True) / number
    variance = np.where(alike, pool, page.seed_variance)
    return _satterthwaite(
        variance, np.where(alike, number * freedom, freedom), page.shared, distance
    )


RULES: dict[str, Rule] = {
    "own, t and normal (the report's)": report,
    "own, Satterthwaite": own_satterthwaite,
    "moderated": moderated,
    "pooled if alike": pooled_if_alike,
    "pooled (before)": pooled,
}


def _satterthwaite(
    over_seeds: Array, freedom: Array | float, over_videos: Array, distance: Array
) -> Array:
    """Videos are many, so that their variance counts as known."""
    total = over_seeds + over_videos
    return stats.t.sf(distance / total**0.5, freedom * (total / over_seeds) ** 2)


def _inverse_trigamma(value: Array) -> Array:
    """Newton's method on the reciprocal, as limma's trigammaInverse."""
    found = 0.5 + 1 / value
    for _ in range(20):
        slope = special.polygamma(2, found)
        trigamma = special.polygamma(1, found)
        found = found + trigamma * (1 - trigamma / value) / slope
    return found
