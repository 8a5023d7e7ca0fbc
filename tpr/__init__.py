"""Temporal Pyramid Routing for video instance segmentation: the method and what it plugs into.

Public: tpr.routing (torch, torchvision), tpr.evaluation (numpy, pycocotools) and
tpr.detectron2_plugin.
"""

import warnings

from tpr import former_names

__version__ = "0.1.0"

former_names.install(former_names.FORMER)

# fvcore, which detectron2 imports, scripts a function that nothing here calls.
warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
