"""Public checkpoints into weights of our models; one file of rules a source."""

from .adelaidet import ADELAIDET
from .sipmask_vis import SIPMASK_VIS

# by method: where its public weights come from
SOURCES = {"blendmask": ADELAIDET, "sipmask": SIPMASK_VIS}
