"""Evaluation of results files; numpy and pycocotools only."""

from tpr.evaluation.metrics import Metrics
from tpr.evaluation.video_ap import evaluate

__all__ = ["Metrics", "evaluate"]
