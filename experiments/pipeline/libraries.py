"""What training and inference import, for the process that stages are forked from."""

# ruff: noqa: F401
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # theirs to each other; they would reach the user's terminal
    import cv2
    import detectron2.modeling
    import pycocotools.mask
    import scipy.optimize
    import torch.utils.tensorboard
    import torchvision
