"""Many claims tested at once."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values after Holm's step-down adjustment, in the order given.

    Scandinavian Journal of Statistics 6, 1979. Holds whatever the dependence between the tests.
    """
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted
