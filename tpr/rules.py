"""How public models name what ours have: (pattern, replacement), all applied in order.

The patterns are regular expressions for `re.sub` on the whole state-dict key.
"""

from __future__ import annotations

Rules = tuple[tuple[str, str], ...]

# torchvision's ResNet (also YOLACT's and mmdet's) as detectron2's, once the stage is renamed
RESNET_RULES: Rules = (
    (r"^(backbone\.fpn\.bottom_up\.res\d\.\d+)\.bn(\d)\.", r"\1.conv\2.norm."),
    (r"^(backbone\.fpn\.bottom_up\.res\d\.\d+)\.downsample\.0\.", r"\1.shortcut."),
    (r"^(backbone\.fpn\.bottom_up\.res\d\.\d+)\.downsample\.1\.", r"\1.shortcut.norm."),
    (r"^backbone\.conv1\.", "backbone.fpn.bottom_up.stem.conv1."),
    (r"^backbone\.bn1\.", "backbone.fpn.bottom_up.stem.conv1.norm."),
)

# dbolya/yolact
YOLACT_RULES: Rules = (
    *((rf"^backbone\.layers\.{i}\.", f"backbone.fpn.bottom_up.res{i + 2}.") for i in range(4)),
    *RESNET_RULES,
    # the public pyramid counts from C5 down
    *((rf"^fpn\.lat_layers\.{i}\.", f"backbone.fpn.fpn_lateral{5 - i}.") for i in range(3)),
    *((rf"^fpn\.pred_layers\.{i}\.", f"backbone.fpn.fpn_output{5 - i}.") for i in range(3)),
    *((rf"^fpn\.downsample_layers\.{i}\.", f"backbone.fpn.top_block.p{6 + i}.") for i in range(2)),
    (r"^proto_net\.", "head.protonet."),
    (r"^prediction_layers\.0\.upfeature\.", "head.tower."),
    (r"^prediction_layers\.0\.bbox_layer\.", "head.bbox_pred."),
    (r"^prediction_layers\.0\.conf_layer\.", "head.cls_logits."),
    (r"^prediction_layers\.0\.mask_layer\.", "head.coefficients."),
    (r"^semantic_seg_conv\.", "head.semantic."),
)
