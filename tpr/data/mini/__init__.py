"""Generated video instance segmentation data in YouTube-VIS format, with exact optical flow."""

from tpr.data.mini.flow import flow, flow_valid
from tpr.data.mini.generate import fingerprint, generate
from tpr.data.mini.rigs import CATEGORIES
from tpr.data.mini.settings import SplitSettings, resolve, split_settings
from tpr.data.mini.sheet import sheet

__all__ = [
    "CATEGORIES",
    "SplitSettings",
    "fingerprint",
    "flow",
    "flow_valid",
    "generate",
    "resolve",
    "sheet",
    "split_settings",
]
