"""Pairs of rows and columns with the largest sum, each used once.

The algorithm of shortest augmenting paths (Jonker and Volgenant, 1987; Crouse, 2016 for matrices
that are not square), in the order of steps of scipy, which needs not be installed: of several best
assignments the same one is found, which the public numbers of HOTA rest on.
"""

from __future__ import annotations

import math

import numpy as np

from tpr.evaluation.arrays import Floats, Ints


def best_pairs(gains: Floats) -> tuple[Ints, Ints]:
    """Rows and columns of the pairs of an (n, m) matrix whose gain is positive, n and m being any
    numbers; gains are at least 0."""
    positive = gains > 0
    if (positive.sum(axis=0) <= 1).all() and (positive.sum(axis=1) <= 1).all():
        rows, columns = np.nonzero(positive)
        return rows, columns
    if len(gains) > gains.shape[1]:
        columns, rows = best_pairs(gains.T)
        return rows, columns
    rows, columns = np.arange(len(gains)), np.array(_columns((-gains).tolist()), np.int64)
    chosen = positive[rows, columns]
    return rows[chosen], columns[chosen]


def _columns(costs: list[list[float]]) -> list[int]:
    """The column of each row at the least sum of costs; there are at least as many columns."""
    rows, columns = len(costs), len(costs[0])
    of_row, of_column = [0.0] * rows, [0.0] * columns  # prices: cost - both is never below 0
    column_of, row_of = [-1] * rows, [-1] * columns
    for start in range(rows):
        least, path, seen_rows, seen = _shortest_path(costs, start, of_row, of_column, row_of)
        of_row[start] += least
        for row in seen_rows[1:]:
            of_row[row] += least - seen[column_of[row]]
        for column, cost in seen.items():
            of_column[column] -= least - cost
        column, row = next(reversed(seen)), -1
        while row != start:
            row = path[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
    return column_of


def _shortest_path(
    costs: list[list[float]],
    start: int,
    of_row: list[float],
    of_column: list[float],
    row_of: list[int],
) -> tuple[float, list[int], list[int], dict[int, float]]:
    """Its cost from row ``start`` to a free column, the row before each column, the rows on the
    way, and columns with the cost of reaching them, the free one last."""
    shortest, path = [math.inf] * len(row_of), [-1] * len(row_of)
    remaining = list(range(len(row_of) - 1, -1, -1))
    least, row, seen_rows, seen = 0.0, start, list[int](), dict[int, float]()
    while row >= 0:
        seen_rows.append(row)
        own, price, lowest, place = costs[row], of_row[row], math.inf, -1
        for index, column in enumerate(remaining):
            cost = least + own[column] - price - of_column[column]
            if cost < shortest[column]:
                shortest[column], path[column] = cost, row
            cost = shortest[column]
            if cost < lowest or (cost == lowest and row_of[column] < 0):
                lowest, place = cost, index
        least, column = lowest, remaining[place]
        remaining[place] = remaining[-1]
        remaining.pop()
        seen[column] = shortest[column]
        row = row_of[column]
    return least, path, seen_rows, seen
