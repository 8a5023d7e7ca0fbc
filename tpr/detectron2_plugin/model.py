"""Models that pass references, and the videos of their inputs, to their backbone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from detectron2.structures import ImageList
from torch import Tensor, nn

from tpr.detectron2_plugin.backbone import TemporalBackbone
from tpr.detectron2_plugin.memory import Input

if TYPE_CHECKING:

    class Architecture(nn.Module):
        """What detectron2's models have; SemanticSegmentor has no `preprocess_image`."""

        backbone: TemporalBackbone
        pixel_mean: Tensor
        pixel_std: Tensor

        def preprocess_image(self, pictures: Any, *args: Any, **kwargs: Any) -> ImageList: ...

else:
    Architecture = object  # `Following` comes before the class that it extends


class Following(Architecture):
    """The methods that `follow` adds to a meta-architecture; all state is in the backbone."""

    architecture: type[nn.Module]  # that the class extends

    # torch.compile takes the parts of the model, not what is noted around them.
    @torch.compiler.disable(recursive=False)
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        batch = args[0] if args else next(iter(kwargs.values()))
        self._hand_over(batch)
        try:
            output = super().forward(*args, **kwargs)
        finally:
            self.backbone.reference, self.backbone.inputs = None, ()
        return with_temporal_losses(output, self.backbone) if self.training else output

    @torch.compiler.disable(recursive=False)
    def preprocess_image(self, batched_inputs: Sequence[Input], *args: Any, **kwargs: Any) -> Any:
        """Also passes references and videos on: every way to the backbone, `inference()` included,
        calls this method."""
        if not self.training:
            self._hand_over(batched_inputs)
        return super().preprocess_image(batched_inputs, *args, **kwargs)

    def _hand_over(self, batch: Sequence[Input]) -> None:
        if self.training:
            self.backbone.reference = self._references(batch)
        else:
            self.backbone.inputs = batch

    def _references(self, batch: Sequence[Input]) -> Tensor | None:
        """Normalised and padded as the images are; None where no input has a reference."""
        given = ["reference" in entry for entry in batch]
        if not any(given):
            return None
        if not all(given):
            raise ValueError("some training inputs have a reference and some have none")
        pictures = [{"image": entry["reference"]} for entry in batch]
        if hasattr(super(), "preprocess_image"):
            return super().preprocess_image(pictures).tensor
        return normalised(self, pictures)

    def __reduce__(self) -> tuple:
        """The class is made at run time: what is copied or pickled is the one that it extends."""
        return _unfilled, (self.architecture,), self.__dict__


def normalised(model: Architecture, batch: Sequence[Input]) -> Tensor:
    """Normalised and padded images, as detectron2's models without `preprocess_image`
    (SemanticSegmentor) compute them in forward."""
    mean, std, backbone = model.pixel_mean, model.pixel_std, model.backbone
    images = [(entry["image"].to(mean.device) - mean) / std for entry in batch]
    return ImageList.from_tensors(
        images,
        backbone.size_divisibility,
        padding_constraints=backbone.padding_constraints,
    ).tensor


def with_temporal_losses(losses: dict[str, Any], backbone: TemporalBackbone) -> dict[str, Any]:
    """The losses and those of the module.

    One of them depends, with a gradient of 0, on all of the module's parameters, as distributed
    training waits for their gradients in every iteration.
    """
    name = next(name for name, loss in losses.items() if torch.is_tensor(loss))
    nothing = backbone.nothing()
    return losses | {name: losses[name] + nothing} | backbone.losses()


@lru_cache
def following(architecture: type[nn.Module]) -> type[nn.Module]:
    """The meta-architecture with `Following`'s methods."""
    own = {"__module__": __name__, "architecture": architecture}
    return type(architecture.__name__, (Following, architecture), own)


def _unfilled(architecture: type[nn.Module]) -> nn.Module:
    cls = following(architecture)
    return cls.__new__(cls)


def follow(model: nn.Module) -> nn.Module:
    """Makes a model hand its backbone the frames before, and add the budget loss to its losses.

    Returns the same model; a model that does so already stays as it is. ValueError where its
    `backbone` is no TemporalBackbone.
    """
    backbone = getattr(model, "backbone", None)
    if not isinstance(backbone, TemporalBackbone):
        raise ValueError("the model's `backbone` is no TemporalBackbone: see use_tpr, tpr_behind")
    if not isinstance(model, Following):
        model.__class__ = following(type(model))
        backbone.inputs = ()
    return model
