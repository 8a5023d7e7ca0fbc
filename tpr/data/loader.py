"""Training batches as pure functions of (seed, iteration): a run can resume anywhere, and any
process can load any part of any batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tpr.data.packed import Packed, pack
from tpr.data.transforms import (
    Geometry,
    pad_batch,
    resize_to_short_edge,
    to_instances,
    transform_image,
)
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.devices.host_limits import check_shared_memory
from tpr.parallel.batch_parts import WHOLE, Part


class Batch(NamedTuple):
    """images (N, 3, H, W) uint8 RGB and the ground truth of each."""

    images: Tensor
    truth: list[Instances]

    def to(self, device: torch.device) -> Batch:
        images = self.images.to(device, non_blocking=True)
        return Batch(images, [x.to(device) for x in self.truth])


class ImageBatch(NamedTuple):
    """As Batch; files: what each image was read from."""

    images: Tensor
    truth: list[Instances]
    files: list[str]

    @property
    def sources(self) -> list[str]:
        return [f"image {file}" for file in self.files]

    def to(self, device: torch.device) -> ImageBatch:
        return ImageBatch(*Batch(self.images, self.truth).to(device), self.files)


class PairBatch(NamedTuple):
    """Query and reference frames of N videos, under the same geometric augmentation."""

    query: Batch
    reference: Batch
    videos: list[int]

    @property
    def sources(self) -> list[str]:
        return [f"video {id}" for id in self.videos]

    def to(self, device: torch.device) -> PairBatch:
        return PairBatch(self.query.to(device), self.reference.to(device), self.videos)


class Sample(NamedTuple):
    """The contents of one element of a batch: frames of a video, all under one geometry."""

    video: Video
    frames: tuple[int, ...]
    geometry: Geometry


class Sampler:
    """Endless shuffled indices 0..length-1; batch i depends on (seed, i) only."""

    def __init__(self, length: int, batch_size: int, seed: int) -> None:
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, int))

    def __call__(self, iteration: int) -> list[int]:
        first = iteration * self.batch_size
        return [self._at(first + i) for i in range(self.batch_size)]

    def _at(self, position: int) -> int:
        epoch, offset = divmod(position, self.length)
        if self._order[0] != epoch:
            order = np.random.default_rng([self.seed, 0, epoch]).permutation(self.length)
            self._order = (epoch, order)
        return int(self._order[1][offset])


class TrainingData:
    """Draws batches of annotated frames from a dataset.

    short_edge: (lowest, highest) of the resized short edge in pixels, drawn once a batch;
    longest: bound of the long edge; flip: probability of mirroring; reference_range: how many
    frames the reference may be away from the query; groups: equal parts of a batch, each of which
    is padded to the size of its own largest frame.
    """

    def __init__(
        self,
        dataset: YouTubeVIS,
        *,
        batch_size: int,
        seed: int,
        short_edge: tuple[int, int],
        longest: int | None = None,
        flip: float = 0.5,
        reference_range: int = 3,
        groups: int = 1,
    ) -> None:
        self.dataset, self.seed = dataset, seed
        self.short_edge, self.longest, self.flip = tuple(short_edge), longest, flip
        self.reference_range, self.groups = reference_range, groups
        self.annotated = [
            (v, frames) for v in dataset.videos if (frames := annotated_frames(dataset, v))
        ]
        if not self.annotated:
            path = dataset.path
            raise ValueError(f"{path}: no frame shows an object that is no crowd to train on")
        self.sampler = Sampler(len(self.annotated), batch_size, seed)

    def images(self, iteration: int, part: Part = WHOLE) -> ImageBatch:
        """Single annotated frames, for pretraining."""
        rng = np.random.default_rng([self.seed, 1, iteration])
        short = self._short_edge(rng)
        samples = []
        for index in self.sampler(iteration):
            video, frames = self.annotated[index]
            t = int(rng.choice(frames))
            samples.append(Sample(video, (t,), self._geometry(video, short, rng)))
        own = samples[part.rows(len(samples))]
        files = [sample.video.file_names[sample.frames[0]] for sample in own]
        return ImageBatch(*self.load(samples, part)[0], files)

    def pairs(self, iteration: int, part: Part = WHOLE) -> PairBatch:
        """Query frames and references at most `reference_range` frames away, never the same frame
        where the video has another one (released code: symmetric range)."""
        return self.load_pairs(self.pair_samples(iteration), part)

    def pair_samples(self, iteration: int) -> list[Sample]:
        """What all pairs of a batch hold: frames (query, reference)."""
        rng = np.random.default_rng([self.seed, 2, iteration])
        short = self._short_edge(rng)
        samples = []
        for index in self.sampler(iteration):
            video, frames = self.annotated[index]
            geometry = self._geometry(video, short, rng)
            query = int(rng.choice(frames))
            samples.append(Sample(video, (query, self._reference(video, query, rng)), geometry))
        return samples

    def load_pairs(self, samples: list[Sample], part: Part) -> PairBatch:
        query_batch, reference_batch = self.load(samples, part)
        videos = [sample.video.id for sample in samples[part.rows(len(samples))]]
        return PairBatch(query_batch, reference_batch, videos)

    def _reference(self, video: Video, query: int, rng: np.random.Generator) -> int:
        near = range(query - self.reference_range, query + self.reference_range + 1)
        choices = [t for t in near if t != query and 0 <= t < video.length and video.file_names[t]]
        return int(rng.choice(choices)) if choices else query

    def _short_edge(self, rng: np.random.Generator) -> int:
        return int(rng.integers(self.short_edge[0], self.short_edge[1] + 1))

    def _geometry(self, video: Video, short: int, rng: np.random.Generator) -> Geometry:
        height, width = resize_to_short_edge((video.height, video.width), short, self.longest)
        return Geometry(height, width, bool(rng.random() < self.flip))

    def load(self, samples: list[Sample], part: Part) -> list[Batch]:
        """A part of the batch: all samples' first frames, their second ones, and so on."""
        rows = part.rows(len(samples))
        size = padded_size(samples, rows, Part(of=self.groups).rows(len(samples)).stop)
        batches = []
        for side in range(len(samples[0].frames)):
            loaded = [self._frame(x.video, x.frames[side], x.geometry) for x in samples[rows]]
            images, truth = zip(*loaded, strict=True)
            batches.append(Batch(*pad_batch(images, truth, size)))
        return batches

    def _frame(self, video: Video, t: int, geometry: Geometry) -> tuple[Tensor, Instances]:
        image = transform_image(self.dataset.read_frame(video, t), geometry)
        return image, to_instances(self.dataset.frame_instances(video, t), geometry)


def padded_size(samples: Sequence[Sample], rows: slice, group: int) -> tuple[int, int]:
    """(height, width) that holds all samples of the groups, of `group` each, that rows are in."""
    together = samples[rows.start // group * group : -(-rows.stop // group) * group]
    sizes = [sample.geometry for sample in together]
    return max(x.height for x in sizes), max(x.width for x in sizes)


def annotated_frames(dataset: YouTubeVIS, video: Video) -> list[int]:
    """Frames of the video that exist and show at least one annotated, non-crowd object."""
    tracks = [track for track in dataset.tracks(video) if not track.iscrowd]
    return [
        t
        for t in range(video.length)
        if video.file_names[t] and any(track.segmentations[t] for track in tracks)
    ]


T = TypeVar("T")

# Named, as the default depends on the version of Python. Loaders forked from the trainer share its
# annotations, hundreds of MB of objects. They touch no GPU, and are forked before NCCL is set up.
START_METHOD = "fork"
PREFETCHED = 2  # batches that each loader is ahead


class Computed(Dataset):
    """A function's results for each iteration, packed, as a data set for torch.utils.data."""

    def __init__(self, fetch: Callable[[int], T]) -> None:
        self.fetch = fetch

    def __getitem__(self, iteration: int) -> Packed:
        return pack(self.fetch(iteration))


def read_ahead(
    fetch: Callable[[int], T], iterations: range, workers: int, device: torch.device
) -> Iterator[T]:
    """fetch(iteration) of each, with its tensors on the device, made by `workers` other processes
    (0: by this one, when asked).

    Raises OSError if the batches that are under way do not fit in the machine's shared memory.
    """
    computed = Computed(fetch)
    if workers == 0 and device.type == "cpu":
        return map(fetch, iterations)
    if workers == 0:
        return (computed[iteration].to(device) for iteration in iterations)
    one_thread()
    if iterations:
        check_shared_memory(workers * PREFETCHED * computed[iterations[0]].buffer.numel())
    loader = DataLoader(
        computed,
        batch_size=None,
        sampler=iterations,
        num_workers=workers,
        prefetch_factor=PREFETCHED,
        multiprocessing_context=START_METHOD,
        worker_init_fn=one_thread,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # else it would draw from the generator that is checkpointed
    )
    return (packed.to(device) for packed in iter(loader))


def one_thread(worker: int | None = None) -> None:
    """OpenCV, too, leaves the cores to the other loaders.

    The trainer must call this before it forks them: if OpenCV had started threads there, its first
    call in a loader would wait for threads that a fork does not copy.
    """
    cv2.setNumThreads(1)
