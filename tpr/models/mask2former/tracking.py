"""Embeddings of queries on their way from the head to the tracker."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

# of a query with itself; a new object's is 0 (Eq. 7), which that of unlike queries is below
LIKENESS = 20.0
# A tracking head gets a pyramid and boxes, from which a query's embedding does not follow: the
# boxes' own tensor bears it.
BORNE = "query_embeddings"


def bear(boxes: Tensor, embeddings: Tensor) -> None:
    """Makes boxes (D, 4) bear the embeddings (D, C) of the queries that found them."""
    setattr(boxes, BORNE, embeddings)


def borne(boxes: Tensor) -> Tensor:
    """The embeddings (D, C) that boxes (D, 4) bear; of width 0 where no query found them."""
    return getattr(boxes, BORNE, boxes.new_zeros(len(boxes), 0))


class QueryTrackHead(nn.Module):
    """MinVIS's tracking: an object is its query's embedding. Nothing of it is trained.

    others: options of tracking heads that are.
    """

    def __init__(self, channels: int, **others: object) -> None:
        super().__init__()

    def embeddings(self, pyramid: dict[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """Embeddings (D_i, C) of each image's boxes (D_i, 4); none in training."""
        return [borne(x) for x in boxes]


def track_embeddings(queries: Tensor) -> Tensor:
    """Embeddings (Q, C) of all queries of an image -> unit vectors times sqrt(LIKENESS).

    Their mean is taken off, so that two queries of a frame are unlike, below 0, on the average.
    """
    return LIKENESS**0.5 * F.normalize(queries - queries.mean(0), dim=1)
