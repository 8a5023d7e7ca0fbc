"""Video instance segmentation models that TPR plugs into."""

import sys

if sys.flags.optimize > 1:
    raise ImportError("detectron2 needs docstrings: run without -OO and PYTHONOPTIMIZE=2")
