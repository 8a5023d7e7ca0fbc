"""YOLACT's own state dicts: 81 COCO classes, of which the background is the first, as in ours."""

from tpr.weights.conversion.mmdet import resnet
from tpr.weights.conversion.rules import CLASS_COUNT, FROZEN_COUNTER, Pixels, Rule, Source

RENAMED = (
    ("proto_net", "head.protonet"),
    (r"prediction_layers\.0\.upfeature", "head.tower"),
    (r"prediction_layers\.0\.bbox_layer", "head.bbox_pred"),
    (r"prediction_layers\.0\.conf_layer", "head.cls_logits"),
    (r"prediction_layers\.0\.mask_layer", "head.coefficients"),
    ("semantic_seg_conv", "head.semantic"),
)
FPN = (  # from C5 down
    *(("lat_layers", i, f"fpn_lateral{5 - i}") for i in range(3)),
    *(("pred_layers", i, f"fpn_output{5 - i}") for i in range(3)),
    *(("downsample_layers", i, f"top_block.p{6 + i}") for i in range(2)),
)

YOLACT = Source(
    rules=(
        FROZEN_COUNTER,
        Rule(r"backbone\.layer\d.*", None, "a copy of backbone.layers in older files"),
        Rule(r"fpn\.downsample_layers\.[2-9].*", None, "of levels that the model never makes"),
        *resnet([rf"backbone\.layers\.{i}" for i in range(4)]),
        *(Rule(rf"fpn\.{name}\.{i}\.(.*)", rf"backbone.fpn.{ours}.\1") for name, i, ours in FPN),
        *(Rule(rf"{name}\.(.*)", rf"{ours}.\1") for name, ours in RENAMED),
    ),
    pixels=Pixels(mean=(123.68, 116.78, 103.94), std=(58.40, 57.12, 57.38), bgr=False),
    constants={},
    shapes={r"head\.(cls_logits|semantic)\..*": CLASS_COUNT},
)
