"""Generated video instance segmentation data in YouTube-VIS format, with exact optical flow."""

from tpr.extras import tell_missing_packages

tell_missing_packages()

from tpr.data.mini.flow import flow, flow_valid  # noqa: E402
from tpr.data.mini.generate import fingerprint, generate  # noqa: E402
from tpr.data.mini.rigs import CATEGORIES  # noqa: E402
from tpr.data.mini.settings import SplitSettings, resolve, split_settings  # noqa: E402
from tpr.data.mini.sheet import sheet  # noqa: E402

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
