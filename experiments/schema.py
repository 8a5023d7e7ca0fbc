"""What the manifests may say. A new option of a model or of training is added here once."""

from __future__ import annotations

from .yaml_check import Schema

OPTION: Schema = (bool, int, float, str, [int])

RUNS: Schema = {
    str: {
        "head": str,
        "backbone": str,
        # parts of the module: true (as in the profile), false (left out), or changed options
        "temporal": (None, {"module": str, str: (bool, int, float, str, [int], {str: OPTION})}),
        "budget_weight?": float,  # in place of the profile's
    }
}

METRICS = ("AP", "AP50", "AP75", "AR1", "AR10")  # that claims may be about
PROFILE_WIDE = ("channels", "pixel_std", "budget_weight")  # a model's settings that no run has

TABLE: Schema = {
    "table": (str, int),
    "title": str,
    "paper?": str,
    "note?": str,
    "varies?": [str],  # settings of the profile that rows differ in on purpose
    "rows": [
        {
            "run": str,
            "cells?": {str: (str, int, float, bool)},
            "published?": {str: (None, float)},
            "baseline?": str,
            "note?": str,
        }
    ],
    "claims?": [
        {
            "name": str,
            "better": str,
            "than": str,
            "metric?": str,
            "published_gain": float,
            "section?": (str, int, float),
            "sentence?": str,
        }
    ],
}

# one split of the generator: tpr.data.mini.settings.SplitSettings
SPLIT: Schema = {
    "videos": int,
    "frames?": int,
    "height?": int,
    "width?": int,
    "severity?": float,
    "degraded?": float,
    "jpeg_quality?": int,
}

GENERATED: Schema = {"seed": int, "videos": {"train": SPLIT, "val": SPLIT}, "images": SPLIT}
# --official-val replaces holdout_videos
RECORDED: Schema = {"dataset": str, "holdout_videos": int, "pretrained": {str: str}}

BACKBONE: Schema = {
    "depths": [int],
    "block?": str,
    "stem_channels?": int,
    "res2_channels?": int,
    "norm?": str,
    "stride_in_1x1?": bool,
    "deform_interval?": int,
    "pyramid?": str,
    "p6_from?": str,
    "relu?": bool,
}

TRACK: Schema = {"name?": str, "embedding?": int, "depth?": int, "canonical?": float}

# what a head may change of the parts around it
AROUND: Schema = {
    "backbone?": {"stride_in_1x1?": bool, "pyramid?": str},
    "track?": TRACK,
}

BLENDMASK: Schema = {
    "fcos?": {
        "depth?": int,
        "strides?": [int],
        "ranges?": [float],
        "radius?": (None, float),
        "use_scale?": bool,
    },
    "basis?": {"width?": int, "norm?": str},
    "bases?": int,
    "attention?": int,
    "resolution?": int,
}

SIPMASK: Schema = {
    "depth?": int,
    "bases?": int,
    "strides?": [int],
    "ranges?": [float],
    "radius?": (None, float),
}

YOLACT: Schema = {
    **AROUND,
    "prototypes?": int,
    "width?": int,
    "scales?": [float],
    "max_size?": (None, int),
    "masks_to_train?": int,
}

MASKTRACK: Schema = {
    **AROUND,
    "anchors?": [float],
    "canonical?": float,
    "fc_width?": int,
    "mask_width?": int,
    "mask_depth?": int,
    "rpn_batch?": int,
    "proposals?": int,
    "roi_batch?": int,
}

TPR: Schema = {
    "dacr": {
        "sampling?": bool,
        "inner_gate?": bool,
        "outer_gate?": bool,
        "residual_init?": float,
        "identity_init?": bool,
    },
    "cpr": {"rows?": [int], "scale_init?": float, "residual_init?": float, "norm?": str},
}

RELEASED_TPR: Schema = {
    "cell?": str,
    "rows?": [int],
    "norm?": str,
    "release_cost?": bool,
    "gates_open?": bool,
    "unused_fusion?": bool,
}

# samplers of Table 1(d), in DACR's place
SAMPLER: Schema = {"sampling": {"identity_init?": bool}, "cpr": TPR["cpr"]}
FLOW_WARP: Schema = {
    "warp": {"width": int, "reduction": int, "unit?": float},
    "merge": {"identity_init?": bool},
    "cpr": TPR["cpr"],
}
FEATURE_FLOW: Schema = FLOW_WARP | {"warp": {"width?": int, "identity_init?": bool}}

MODEL: Schema = {
    "channels": int,
    "pixel_std": [float],
    "budget_weight": float,
    "backbones": {str: BACKBONE},
    "heads": {
        "blendmask": BLENDMASK,
        "masktrack": MASKTRACK,
        "sipmask": SIPMASK,
        "yolact": YOLACT,
    },
    "track": TRACK,
    "temporal": {
        "tpr": TPR,
        "tpr-released?": RELEASED_TPR,
        "full-routing?": TPR,
        "full-align?": {"dacr": TPR["dacr"]},
        "top-down?": TPR,
        "dcnv2-fusion?": SAMPLER,
        "stsn?": SAMPLER,
        "flow-warp?": FLOW_WARP,
        "feature-flow?": FEATURE_FLOW,
    },
}

DETECTIONS: Schema = {"threshold?": float, "nms?": float, "top_before?": int, "top_after?": int}

OPTIMIZER: Schema = {
    "name": str,
    "lr": float,
    "weight_decay": float,
    "lr_scales?": {str: float},
    "momentum?": float,
    "nesterov?": bool,
    "betas?": [float],
    "eps?": float,
}

TRAIN: Schema = {
    "iterations": int,
    "batch_size": int,  # of all processes together
    "micro_batch?": int,  # the most of it that a process takes at once
    "precision?": str,  # fp32, bf16 or fp16
    "short_edge": [int],
    "longest?": (None, int),
    "flip?": float,
    "optimizer": OPTIMIZER,
    "schedule": {"name": str, "warmup": int, "milestones?": [float]},
    "clip": float,
    "checkpoint_every": int,
    "log_every": int,
}

PROFILE: Schema = {
    "profile": str,
    "about": str,
    "seeds": [int],
    "workers?": (None, int),
    "threads?": int,
    "processes?": (None, int),  # that share a training or an inference; null: one a GPU
    "expected_seconds": {
        "videos": float,
        "images": float,
        "pretrain": float,
        "pretrain-flow": float,
        "train": float,
        "evaluate": float,
    },
    # for --dry-run: a GPU's peak in TFLOP/s and the share of it that training is taken to reach
    "accelerator?": {"name": str, "tflops": float, "utilisation": float},
    "data": (GENERATED, RECORDED),
    "model": MODEL,
    # where the profile has its own images; iterations also by backbone; continued: image models
    # that start from the weights of a run's image model, as far as names and shapes agree
    "pretrain?": {
        "seed": int,
        **TRAIN,
        "iterations": (int, {str: int}),
        "small_first?": {"share": float, "short_edge": [int], "batch_size": int},
        "continued?": {str: {"run": str, "iterations": int}},
    },
    # FlowNetS on generated videos: so many pairs of frames of each of the first videos
    "pretrain-flow?": {
        "seed": int,
        "videos": int,
        "pairs": int,
        **{k: v for k, v in TRAIN.items() if k not in ("short_edge", "longest?", "flip?")},
        "flip": float,
        # windows smaller than the frames by so many pixels; this share shows one frame twice
        "margin": int,
        "shifted": float,
    },
    "train": {"freeze": int, "reference_range?": int, **TRAIN},
    "infer": {
        "short_edge": int,
        "longest?": (None, int),
        "first_frame": str,
        "recursive": bool,
        "batch": int,  # videos side by side
        "cuda_graph?": bool,  # of the temporal module (tpr.cuda_graph); false: a launch for each op
        # test settings of the heads, here because they do not change the weights
        "detections": DETECTIONS,
        "heads?": {str: DETECTIONS},  # what single heads change of them
    },
    "evaluation": {"bootstrap": int, "bootstrap_seed": int},
}
