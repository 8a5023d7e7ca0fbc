"""A profile's settings of data, training and inference; a new option is added here once.

They are TypedDicts, as those of a model (model_settings.py): they go into stages as they are
written, and an option that is not written is not there.
"""
# Not `from __future__ import annotations`: a TypedDict could not tell which keys may be left out.

from typing import NotRequired, TypedDict


class Motion(TypedDict):
    """How a split of the generator moves: tpr.data.mini.settings.Motion."""

    speed: float
    pan: float
    sway: float
    growth: float
    gait: float
    crossing: float
    aside: float


class Dose(TypedDict):
    """A split in which one factor is changed and everything else kept: tpr.data.mini.doses."""

    factor: str
    value: float


class Split(TypedDict):
    """One split of the generator: tpr.data.mini.settings.SplitSettings."""

    videos: int
    frames: NotRequired[int]
    height: NotRequired[int]
    width: NotRequired[int]
    severity: NotRequired[float]
    degraded: NotRequired[float]
    jpeg_quality: NotRequired[int]
    motion: NotRequired[Motion]
    dose: NotRequired[Dose]


class Splits(TypedDict):
    train: Split
    val: Split


class Generated(TypedDict):
    """Data that are generated."""

    seed: int
    videos: Splits
    images: Split


class Recorded(TypedDict):
    """A data set that was recorded; weights of image models and flow networks by name."""

    dataset: str
    holdout_videos: int
    pretrained: dict[str, str]


class HeldOut(TypedDict):
    """The share of a user's videos that is validated on, and what chooses them."""

    share: float
    seed: int


class OwnVideos(TypedDict):
    """A user's own data: name, categories, and sha256 of the annotation files by split (train, val
    unless videos are held out, images if there are some); pretrained: as of recorded ones.

    Of a profile's own: id_maps, folders in --data-root by split, each with JPEGImages and
    Annotations as DAVIS has them, from which the annotation files are made; image_models, the
    profile whose image models those of this one start from."""

    own: str
    categories: list[str]
    sums: dict[str, list[str]]
    held_out: NotRequired[HeldOut]
    id_maps: NotRequired[dict[str, str]]
    image_models: NotRequired[str]
    pretrained: NotRequired[dict[str, str | None]]
    limit_videos: NotRequired[int]
    limit_frames: NotRequired[int]


class GeneratedVideos(TypedDict):
    """Videos that a trial generates in place of a recorded data set."""

    seed: int
    videos: int
    frames: int
    height: int
    width: int


class ChosenData(TypedDict):
    """Recorded data as options of the command line change them: without weights (None), all for
    training (official_val: to predict the official validation set), or little of them."""

    dataset: str
    pretrained: dict[str, str | None]
    holdout_videos: NotRequired[int]
    official_val: NotRequired[bool]
    limit_videos: NotRequired[int]
    limit_frames: NotRequired[int]
    generated: NotRequired[GeneratedVideos]


class Optimizer(TypedDict):
    name: str
    lr: float
    weight_decay: float
    lr_scales: NotRequired[dict[str, float]]
    momentum: NotRequired[float]
    nesterov: NotRequired[bool]
    betas: NotRequired[list[float]]
    eps: NotRequired[float]


class Schedule(TypedDict):
    name: str
    warmup: int
    milestones: NotRequired[list[float]]


class Optimisation(TypedDict):
    """Settings that every training has."""

    batch_size: int  # of all processes together
    micro_batch: NotRequired[int]  # the most of it that a process takes at once
    precision: NotRequired[str]  # fp32, bf16 or fp16
    optimizer: Optimizer
    schedule: Schedule
    clip: float
    checkpoint_every: int
    log_every: int


class Training(Optimisation):
    """Settings of training a model, on images or videos."""

    short_edge: list[int]
    longest: NotRequired[int | None]
    flip: NotRequired[float]


class FineTuning(Training):
    """Settings of fine-tuning on videos.

    freeze: stages of the backbone that are not trained; reference_range: the largest distance of
    the reference, in frames; refined_references: the share of references that are already refined,
    as they are in recursive inference.
    """

    iterations: int
    freeze: int
    reference_range: NotRequired[int]
    refined_references: NotRequired[float]


class SmallFirst(TypedDict):
    """Smaller images for the first share of the iterations."""

    share: float
    short_edge: list[int]
    batch_size: int


class Continued(TypedDict):
    """An image model that starts from the weights of another run's image model, as far as names and
    shapes agree."""

    run: str
    iterations: int


class Pretraining(Training):
    """Settings of pretraining on the profile's own images; iterations may be given by backbone,
    continued by image model."""

    seed: int
    iterations: int | dict[str, int]
    small_first: NotRequired[SmallFirst]
    continued: NotRequired[dict[str, Continued]]


class FlowPretraining(Optimisation):
    """Settings of training FlowNetS on frame pairs of generated videos.

    videos, pairs: how many pairs are taken from each of how many first videos; margin: pixels by
    which the windows are smaller than the frames; shifted: the share of pairs that show one frame
    twice.
    """

    seed: int
    videos: int
    pairs: int
    iterations: int
    flip: float
    margin: int
    shifted: float


class OffsetFit(Optimisation):
    """Settings of fitting offset heads on frozen features of generated videos: numbers of videos to
    train on and of held-out ones to measure on."""

    seed: int
    videos: int
    held_out: int
    iterations: int


class Detections(TypedDict, total=False):
    """Test settings of a head. They are kept apart because they do not change the weights."""

    threshold: float
    nms: float
    top_before: int
    top_after: int


class Inference(TypedDict):
    short_edge: int
    longest: NotRequired[int | None]
    first_frame: str
    recursive: bool
    batch: int  # videos side by side
    # of the temporal module (tpr.inference.cuda_graph); false: a launch for each operation
    cuda_graph: NotRequired[bool]
    detections: Detections
    heads: NotRequired[dict[str, Detections]]  # what single heads change of them


class Evaluation(TypedDict):
    bootstrap: int
    bootstrap_seed: int
    probe_videos: NotRequired[int]  # the first ones, for the mechanism: tpr.probes.mechanism
