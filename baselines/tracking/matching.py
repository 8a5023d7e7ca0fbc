"""Pairs of detections and tracks by scipy's Hungarian algorithm, and likeness of embeddings."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import normalize

IMPOSSIBLE = -1e4  # far below any sum of what is worth something


def best_pairs(worth: np.ndarray, allowed: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns of (N, K) worths in [-1, 1], each in one pair at most, with the largest sum
    over as many allowed pairs as there can be."""
    rows, columns = linear_sum_assignment(np.where(allowed, worth, IMPOSSIBLE), maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if allowed[pair]]


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Likeness in [-1, 1] of embeddings a (N, E) with b (K, E): (N, K). Above 0 they were trained
    to be of one object, as a new one's logit is 0."""
    return normalize(a, dim=1) @ normalize(b, dim=1).t()
