"""Names of mmdet 1.0rc's ResNet and FPN, which several methods are built on."""

from collections.abc import Sequence

from tpr.weights.conversion.rules import Rule


def resnet(stages: Sequence[str]) -> tuple[Rule, ...]:
    """torchvision's ResNet as detectron2's; stages: patterns of the names of res2..res5."""
    stem, body = "backbone.fpn.bottom_up.stem", "backbone.fpn.bottom_up.res"
    rules = [
        Rule(r"backbone\.conv1\.(.*)", rf"{stem}.conv1.\1"),
        Rule(r"backbone\.bn1\.(.*)", rf"{stem}.conv1.norm.\1"),
    ]
    for i, stage in enumerate(stages, 2):
        block = rf"{stage}\.(\d+)"
        rules += [
            Rule(rf"{block}\.conv(\d)\.(.*)", rf"{body}{i}.\1.conv\2.\3"),
            Rule(rf"{block}\.bn(\d)\.(.*)", rf"{body}{i}.\1.conv\2.norm.\3"),
            Rule(rf"{block}\.downsample\.0\.(.*)", rf"{body}{i}.\1.shortcut.\2"),
            Rule(rf"{block}\.downsample\.1\.(.*)", rf"{body}{i}.\1.shortcut.norm.\2"),
        ]
    return tuple(rules)


RESNET = resnet([rf"backbone\.layer{i}" for i in range(1, 5)])


def fpn(first: int, last: int) -> tuple[Rule, ...]:
    """Lateral and output convolutions of the levels P_first..P_last."""
    return tuple(
        Rule(
            rf"neck\.{source}_convs\.{level - first}\.conv\.(.*)",
            rf"backbone.fpn.fpn_{ours}{level}.\1",
        )
        for level in range(first, last + 1)
        for source, ours in (("lateral", "lateral"), ("fpn", "output"))
    )


def tower(source: str, ours: str, depth: int) -> tuple[Rule, ...]:
    """mmcv's ConvModules with GroupNorm, as a plain sequence of Conv2d, GroupNorm, ReLU."""
    return tuple(
        Rule(rf"{source}\.{i}\.{layer}\.(.*)", rf"{ours}.{3 * i + place}.\1")
        for i in range(depth)
        for place, layer in enumerate(("conv", "gn"))
    )
