"""Names of mmdet 1.0rc's ResNet and FPN, which several methods are built on."""

from .rules import Rule

RESNET = (
    Rule(r"backbone\.conv1\.(.*)", r"backbone.fpn.bottom_up.stem.conv1.\1"),
    Rule(r"backbone\.bn1\.(.*)", r"backbone.fpn.bottom_up.stem.conv1.norm.\1"),
    *(
        rule
        for stage in range(1, 5)
        for source, ours in [(rf"backbone\.layer{stage}\.(\d+)", f"res{stage + 1}")]
        for rule in (
            Rule(rf"{source}\.conv(\d)\.(.*)", rf"backbone.fpn.bottom_up.{ours}.\1.conv\2.\3"),
            Rule(rf"{source}\.bn(\d)\.(.*)", rf"backbone.fpn.bottom_up.{ours}.\1.conv\2.norm.\3"),
            Rule(
                rf"{source}\.downsample\.0\.(.*)",
                rf"backbone.fpn.bottom_up.{ours}.\1.shortcut.\2",
            ),
            Rule(
                rf"{source}\.downsample\.1\.(.*)",
                rf"backbone.fpn.bottom_up.{ours}.\1.shortcut.norm.\2",
            ),
        )
    ),
)


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
