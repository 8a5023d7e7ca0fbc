"""A profile's settings of models, as tpr.models.build reads them; a new option is added here once.

They are TypedDicts: tpr gets them as plain JSON, and an option that is not written is not there.
"""
# Not `from __future__ import annotations`: a TypedDict could not tell which keys may be left out.

from typing import NotRequired, TypedDict

Option = bool | int | float | str | list[int]
ModuleOptions = dict[str, bool | int | float | str | list[int] | dict[str, Option]]

# Of res2: with fewer inputs the gradient of a strided 1x1 convolution is written past its memory by
# oneDNN on CPUs with AVX2 and no AVX-512 (torch 2.14.1), which ends the process or spoils its data.
FEWEST_CHANNELS = 8
PROFILE_WIDE = ("channels", "pixel_std", "budget_weight")  # a model's settings that no run has


class Backbone(TypedDict):
    depths: list[int]
    block: NotRequired[str]
    stem_channels: NotRequired[int]
    res2_channels: NotRequired[int]
    norm: NotRequired[str]
    stride_in_1x1: NotRequired[bool]
    deform_interval: NotRequired[int]
    pyramid: NotRequired[str]
    p6_from: NotRequired[str]
    relu: NotRequired[bool]


class Track(TypedDict, total=False):
    name: str
    embedding: int
    depth: int
    canonical: float


class BackboneChanges(TypedDict, total=False):
    stride_in_1x1: bool
    pyramid: str


class Around(TypedDict, total=False):
    """Options by which a head changes the parts around it."""

    backbone: BackboneChanges
    track: Track


class Fcos(TypedDict, total=False):
    depth: int
    strides: list[int]
    ranges: list[float]
    radius: float | None
    use_scale: bool


class Basis(TypedDict, total=False):
    width: int
    norm: str


class BlendMask(TypedDict, total=False):
    fcos: Fcos
    basis: Basis
    bases: int
    attention: int
    resolution: int


class SipMask(TypedDict, total=False):
    depth: int
    bases: int
    strides: list[int]
    ranges: list[float]
    radius: float | None


class Yolact(Around, total=False):
    prototypes: int
    width: int
    scales: list[float]
    max_size: int | None
    masks_to_train: int


class MaskTrack(Around, total=False):
    anchors: list[float]
    canonical: float
    fc_width: int
    mask_width: int
    mask_depth: int
    rpn_batch: int
    proposals: int
    roi_batch: int


class Mask2Former(Around, total=False):
    queries: int
    width: int
    layers: int
    heads: int
    feedforward: int


class Heads(TypedDict):
    blendmask: BlendMask
    mask2former: Mask2Former
    masktrack: MaskTrack
    sipmask: SipMask
    yolact: Yolact


class Dacr(TypedDict, total=False):
    sampling: bool
    inner_gate: bool
    outer_gate: bool
    residual_init: float
    identity_init: bool
    offset_std: float


class Cpr(TypedDict, total=False):
    rows: list[int]
    scale_init: float
    residual_init: float
    norm: str


class Tpr(TypedDict):
    dacr: Dacr
    cpr: Cpr


class ReleasedTpr(TypedDict, total=False):
    cell: str
    rows: list[int]
    norm: str
    release_cost: bool
    gates_open: bool
    unused_fusion: bool
    identity_init: bool


class FullAlign(TypedDict):
    dacr: Dacr


class Identity(TypedDict, total=False):
    identity_init: bool


class Merging(TypedDict):
    """A control: the previous frame merged as it is."""

    merge: Identity
    cpr: NotRequired[Cpr]


class MatchedDacr(TypedDict, total=False):
    radius: int
    width: int
    inner_gate: bool
    outer_gate: bool
    residual_init: float
    identity_init: bool


class Matched(TypedDict):
    """DACR with a local correlation in front of its offsets."""

    dacr: MatchedDacr
    cpr: NotRequired[Cpr]


class Sampler(TypedDict):
    """A sampling module of Table 1(d), in DACR's place."""

    sampling: Identity
    cpr: Cpr


class Flow(TypedDict):
    width: int
    reduction: int
    unit: NotRequired[float]


class FlowWarp(TypedDict):
    warp: Flow
    merge: Identity
    cpr: Cpr


class Warp(TypedDict, total=False):
    width: int
    identity_init: bool


class FeatureFlow(TypedDict):
    warp: Warp
    merge: Identity
    cpr: Cpr


TemporalModules = TypedDict(
    "TemporalModules",
    {
        "tpr": Tpr,
        "tpr-released": NotRequired[ReleasedTpr],
        "full-routing": NotRequired[Tpr],
        "full-align": NotRequired[FullAlign],
        "top-down": NotRequired[Tpr],
        "dcnv2-fusion": NotRequired[Sampler],
        "stsn": NotRequired[Sampler],
        "flow-warp": NotRequired[FlowWarp],
        "feature-flow": NotRequired[FeatureFlow],
        "merge": NotRequired[Merging],
        "matched": NotRequired[Matched],
        "*": NotRequired[ModuleOptions],  # of other modules in baselines/registry.py
    },
)


class Model(TypedDict):
    channels: int
    pixel_std: list[float]
    budget_weight: float
    backbones: dict[str, Backbone]
    heads: Heads
    track: Track
    temporal: TemporalModules
