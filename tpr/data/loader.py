"""Training batches as pure functions of (seed, iteration), so that a run can resume anywhere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from detectron2.structures import Instances
from torch import Tensor

from .transforms import Geometry, pad_batch, resize_to_short_edge, to_instances, transform_image
from .youtube_vis import Video, YouTubeVIS


class Batch(NamedTuple):
    """images (N, 3, H, W) uint8 RGB and the ground truth of each."""

    images: Tensor
    truth: list[Instances]


class PairBatch(NamedTuple):
    """Query and reference frames of N videos, under the same geometric augmentation."""

    query: Batch
    reference: Batch
    videos: list[int]


class Sampler:
    """Endless shuffled indices 0..length-1; batch i depends on (seed, i) only."""

    def __init__(self, length: int, batch_size: int, seed: int) -> None:
        if length < 1:
            raise ValueError("the training set is empty")
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
    frames the reference may be away from the query.
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
    ) -> None:
        self.dataset, self.seed = dataset, seed
        self.short_edge, self.longest, self.flip = tuple(short_edge), longest, flip
        self.reference_range = reference_range
        self.annotated = [
            (v, frames) for v in dataset.videos if (frames := annotated_frames(dataset, v))
        ]
        self.sampler = Sampler(len(self.annotated), batch_size, seed)

    def images(self, iteration: int) -> Batch:
        """Single annotated frames, for pretraining."""
        rng = np.random.default_rng([self.seed, 1, iteration])
        short = self._short_edge(rng)
        images, truth = [], []
        for index in self.sampler(iteration):
            video, frames = self.annotated[index]
            image, found = self._load(
                video, int(rng.choice(frames)), self._geometry(video, short, rng)
            )
            images.append(image)
            truth.append(found)
        return Batch(*pad_batch(images, truth))

    def pairs(self, iteration: int) -> PairBatch:
        """Query frames and references at most `reference_range` frames away, never the same frame
        where the video has another one (released code: symmetric range)."""
        rng = np.random.default_rng([self.seed, 2, iteration])
        short = self._short_edge(rng)
        images: tuple[list, list] = ([], [])
        truth: tuple[list, list] = ([], [])
        videos = []
        for index in self.sampler(iteration):
            video, frames = self.annotated[index]
            geometry = self._geometry(video, short, rng)
            query = int(rng.choice(frames))
            for side, t in enumerate((query, self._reference(video, query, rng))):
                image, found = self._load(video, t, geometry)
                images[side].append(image)
                truth[side].append(found)
            videos.append(video.id)
        query_batch, reference_batch = (pad_batch(i, t) for i, t in zip(images, truth, strict=True))
        return PairBatch(Batch(*query_batch), Batch(*reference_batch), videos)

    def _reference(self, video: Video, query: int, rng: np.random.Generator) -> int:
        near = range(query - self.reference_range, query + self.reference_range + 1)
        choices = [t for t in near if t != query and 0 <= t < video.length and video.file_names[t]]
        return int(rng.choice(choices)) if choices else query

    def _short_edge(self, rng: np.random.Generator) -> int:
        return int(rng.integers(self.short_edge[0], self.short_edge[1] + 1))

    def _geometry(self, video: Video, short: int, rng: np.random.Generator) -> Geometry:
        height, width = resize_to_short_edge((video.height, video.width), short, self.longest)
        return Geometry(height, width, bool(rng.random() < self.flip))

    def _load(self, video: Video, t: int, geometry: Geometry) -> tuple[Tensor, Instances]:
        image = transform_image(self.dataset.read_frame(video, t), geometry)
        return image, to_instances(self.dataset.frame_instances(video, t), geometry)


def annotated_frames(dataset: YouTubeVIS, video: Video) -> list[int]:
    """Frames of the video that exist and show at least one annotated, non-crowd object."""
    tracks = [track for track in dataset.tracks(video) if not track.iscrowd]
    return [
        t
        for t in range(video.length)
        if video.file_names[t] and any(track.segmentations[t] for track in tracks)
    ]
