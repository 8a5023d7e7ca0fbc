"""Temporal Pyramid Routing for video instance segmentation: the method and what it plugs into.

Public: tpr.routing (torch, torchvision), tpr.evaluation (numpy, pycocotools) and
tpr.detectron2_plugin.
"""

__version__ = "0.1.0"
