"""SipMask-VIS (mmdet 1.0rc): image model and tracking head are one module there.

SipMask for COCO (mmdet 1.0) has one convolution more in each tower (`stacked_convs` 4, not 3), and
no tracking head. SipMask-VIS loads it loosely: the fourth convolutions are dropped, and predictors
begin on the features of the third. So does ours, which shares SipMask-VIS's architecture.
"""

from tpr.weights.conversion import mmdet
from tpr.weights.conversion.rules import CLASS_COUNT, FROZEN_COUNTER, P6_INPUT, Pixels, Rule, Source

HEAD = r"bbox_head"
RENAMED = (
    ("fcos_cls", "head.cls_logits"),
    ("fcos_reg", "head.bbox_pred"),
    ("fcos_centerness", "head.ctrness"),
    (r"feat_align\.conv_offset", "head.align.offset"),
    (r"feat_align\.conv_adaption", "head.align.conv"),
    (r"feat_align\.norm", "head.align.norm"),
    ("sip_cof", "head.coefficients"),
    ("sip_mask_lat0", "head.basis.0"),
    ("sip_mask_lat", "head.basis.2"),
    ("(?:sipmask|fovea)_track", "track_head.embed"),  # the older name is in older checkpoints
)

SIPMASK_VIS = Source(
    rules=(
        FROZEN_COUNTER,
        *mmdet.RESNET,
        *mmdet.fpn(3, 5),
        Rule(r"neck\.fpn_convs\.3\.conv\.(.*)", r"backbone.fpn.top_block.p6.\1"),
        Rule(r"neck\.fpn_convs\.4\.conv\.(.*)", r"backbone.fpn.top_block.p7.\1"),
        *mmdet.tower(rf"{HEAD}\.cls_convs", "head.cls_tower", 3),
        *mmdet.tower(rf"{HEAD}\.reg_convs", "head.bbox_tower", 4),
        *mmdet.tower(rf"{HEAD}\.track_convs", "track_head.tower", 2),
        Rule(rf"{HEAD}\.scales\.(\d+)\.scale", r"head.scales[\1]"),
        *(Rule(rf"{HEAD}\.{source}\.(.*)", rf"{ours}.\1") for source, ours in RENAMED),
    ),
    pixels=Pixels(mean=(122.7717, 115.9465, 102.9801), std=(1.0, 1.0, 1.0), bgr=True),
    constants={},
    shapes={
        r"head\.cls_logits\..*": CLASS_COUNT,
        r"backbone\.fpn\.top_block\.p6\.weight": P6_INPUT,
    },
    absent={
        r"head\.(cls_tower\.[67]|bbox_tower\.(9|10))\..*": "COCO SipMask's fourth convolution, "
        "which SipMask-VIS has not"
    },
)
