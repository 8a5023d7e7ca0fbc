"""A Kalman filter of boxes with constant velocity, as SORT, DeepSORT and ByteTrack use one.

State: centre x and y, aspect (width by height), height, and their velocities a frame. Noise grows
with the height, in the proportions of DeepSORT.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

POSITION, VELOCITY = 1 / 20, 1 / 160  # standard deviations, in heights
ASPECT, ASPECT_VELOCITY, ASPECT_MEASURED = 1e-2, 1e-5, 1e-1
MOTION = np.eye(8) + np.eye(8, k=4)
SEEN = np.eye(4, 8)
GATE = 9.4877  # 95 % of chi² with 4 degrees of freedom


class Motion:
    """One box's state (8,) and its covariance (8, 8), begun by a measurement (4,)."""

    def __init__(self, measured: np.ndarray) -> None:
        self.mean = np.concatenate([measured, np.zeros(4)])
        self.covariance = np.diag(_noise(measured[3], 2, 10, ASPECT, ASPECT_VELOCITY))

    def predict(self) -> None:
        """One frame on."""
        self.mean = MOTION @ self.mean
        noise = np.diag(_noise(self.mean[3], 1, 1, ASPECT, ASPECT_VELOCITY))
        self.covariance = MOTION @ self.covariance @ MOTION.T + noise

    def update(self, measured: np.ndarray) -> None:
        mean, spread = self._expected()
        gain = np.linalg.solve(spread, SEEN @ self.covariance).T
        self.mean = self.mean + gain @ (measured - mean)
        self.covariance = self.covariance - gain @ spread @ gain.T

    def distances(self, measured: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances (N,) of measurements (N, 4)."""
        mean, spread = self._expected()
        away = measured - mean
        return (away * np.linalg.solve(spread, away.T).T).sum(axis=1)

    @property
    def box(self) -> np.ndarray:
        """xyxy (4,)."""
        centre, (aspect, height) = self.mean[:2], self.mean[2:4]
        half = np.array([aspect * height, height]) / 2
        return np.concatenate([centre - half, centre + half])

    def _expected(self) -> tuple[np.ndarray, np.ndarray]:
        """What would be measured (4,) and its covariance (4, 4)."""
        noise = np.diag(_noise(self.mean[3], 1, 1, ASPECT_MEASURED, 0)[:4])
        return SEEN @ self.mean, SEEN @ self.covariance @ SEEN.T + noise


def _noise(
    height: float, position: float, velocity: float, aspect: float, aspect_velocity: float
) -> np.ndarray:
    """Variances (8,)."""
    place, speed = position * POSITION * height, velocity * VELOCITY * height
    return np.square([place, place, aspect, place, speed, speed, aspect_velocity, speed])


def measurements(boxes: Tensor) -> np.ndarray:
    """Of boxes (N, 4), xyxy: float64 (N, 4) centre x and y, aspect, height; sides of 1e-3 at
    least."""
    corners = boxes.double().cpu().numpy()
    sides = np.maximum(corners[:, 2:] - corners[:, :2], 1e-3)
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    return np.column_stack([centres, sides[:, 0] / sides[:, 1], sides[:, 1]])
