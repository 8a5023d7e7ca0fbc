"""Public checkpoints into weights of our models; one file of rules a source."""

from .adelaidet import ADELAIDET
from .masktrack import DETECTRON2, MASKTRACK
from .sipmask_vis import SIPMASK_VIS
from .yolact import YOLACT

# by public method: where its weights come from
SOURCES = {
    "blendmask": ADELAIDET,
    "mask-rcnn": DETECTRON2,
    "masktrack": MASKTRACK,
    "sipmask": SIPMASK_VIS,
    "yolact": YOLACT,
}
# our method, where it has another name
METHODS = {"mask-rcnn": "masktrack"}
