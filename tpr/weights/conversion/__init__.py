"""Public checkpoints into weights of our models; one file of rules a source."""

from tpr.weights.conversion.adelaidet import ADELAIDET, PYRAMID
from tpr.weights.conversion.masktrack import DETECTRON2, MASKTRACK
from tpr.weights.conversion.sipmask_vis import SIPMASK_VIS
from tpr.weights.conversion.yolact import YOLACT

# by public method: where its weights come from
SOURCES = {
    "blendmask": ADELAIDET,
    "mask-rcnn": DETECTRON2,
    "mask2former": PYRAMID,
    "masktrack": MASKTRACK,
    "sipmask": SIPMASK_VIS,
    "yolact": YOLACT,
}
# our method, where it has another name
METHODS = {"mask-rcnn": "masktrack"}
