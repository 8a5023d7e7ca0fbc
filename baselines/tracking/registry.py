"""The trackers by the name that tables give them: another one is a file and a line here."""

from __future__ import annotations

from baselines.tracking.bytetrack import ByteTrack
from baselines.tracking.deepsort import DeepSORT
from baselines.tracking.detections import Association, online
from baselines.tracking.iou import IoUTracker
from baselines.tracking.minvis import MinVIS
from baselines.tracking.oracle import oracle, true_ids
from baselines.tracking.sort import SORT
from baselines.tracking.whole_clip import whole_clip
from tpr.models.tracking import Tracker

TRACKERS: dict[str, Association] = {
    "masktrack": online(Tracker),
    "iou": online(IoUTracker),
    "sort": online(SORT),
    "deepsort": online(DeepSORT),
    "bytetrack": online(ByteTrack),
    "minvis": online(MinVIS),
    "whole-clip": whole_clip,
    "true-ids": true_ids,
    "oracle": oracle,
}
