"""AdelaiDet's BlendMask (and the TPR release's, which has a tracking head): detectron2's names; and
its backbone and pyramid alone, under another head."""

from tpr.weights.conversion.rules import CLASS_COUNT, P6_INPUT, Pixels, Rule, Source

FCOS = r"proposal_generator\.fcos_head"

ADELAIDET = Source(
    rules=(
        Rule(r"pixel_(mean|std)", None, "the input's normalisation, which the model knows"),
        Rule(r"backbone\.(.*)", r"backbone.fpn.\1"),
        Rule(rf"{FCOS}\.scales\.(\d+)\.scale", r"head.fcos.scales[\1]"),
        Rule(rf"{FCOS}\.(.*)", r"head.fcos.\1"),
        Rule(r"basis_module\.seg_head\..*", None, "auxiliary semantic loss, which ours leaves out"),
        Rule(r"basis_module\.(.*)", r"head.basis.\1"),
        Rule(r"top_layer\.(.*)", r"head.top_layer.\1"),
        Rule(r"track_head\.track_tower\.(.*)", r"track_head.tower.\1"),
        Rule(r"track_head\.sipmask_track\.(.*)", r"track_head.embed.\1"),
    ),
    pixels=Pixels(mean=(123.675, 116.28, 103.53), std=(1.0, 1.0, 1.0), bgr=True),
    constants={"head.fcos.scales": 1.0},  # FCOS.USE_SCALE is False for BlendMask
    shapes={
        r"head\.fcos\.cls_logits\..*": CLASS_COUNT,
        r"backbone\.fpn\.top_block\.p6\.weight": P6_INPUT,
    },
)

PYRAMID = Source(
    rules=(*ADELAIDET.rules[:2], Rule(r".*", None, "of another head")),
    pixels=ADELAIDET.pixels,
    constants={},
    shapes={r"backbone\.fpn\.top_block\.p6\.weight": P6_INPUT},
)
