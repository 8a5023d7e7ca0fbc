"""The backward pass over autograd's graph, node by node.

torch's own engine asks the CUDA driver for the streams of the devices in a graph, and fails where
there is no driver. The nodes themselves, with all formulas, are torch's. Hooks are not called.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from typing import Any

import torch
from torch import Tensor

Node = Any  # torch.autograd.graph.Node


@torch.no_grad()
def backward(root: Tensor, gradient: Tensor) -> None:
    """Adds to the `grad` of the leaves of a graph its gradients; gradient: that of `root`.

    Raises RuntimeError where nothing that `root` was computed from needs a gradient.
    """
    if root.grad_fn is None:
        raise RuntimeError("the tensor does not require grad and does not have a grad_fn")
    missing = uses(root.grad_fn)
    gradients: dict[Node, dict[int, Tensor]] = defaultdict(dict)  # by node and its output
    gradients[root.grad_fn][root.output_nr] = gradient
    ready = [queued(root.grad_fn)]
    while ready:
        node = heapq.heappop(ready)[-1]
        outputs = apply(node, gradients.pop(node, {}))
        for (child, i), output in zip(node.next_functions, outputs, strict=False):
            if child is None:
                continue
            if output is not None:
                fitting = fit(output, child._input_metadata[i])
                before = gradients[child].get(i)
                gradients[child][i] = fitting if before is None else before + fitting
            missing[child] -= 1
            if missing[child] == 0:
                heapq.heappush(ready, queued(child))


def apply(node: Node, known: dict[int, Tensor]) -> tuple[Tensor | None, ...]:
    """Gradients of what a node was computed from; known: those of its outputs that have one."""
    given: list[Tensor | None] = [known.get(i) for i in range(len(node._input_metadata))]
    if isinstance(node, torch.autograd.function.BackwardCFunction):
        out = node.apply(*given)  # written in Python, as torchvision's operations
    else:
        out = node(*given)
    return out if isinstance(out, tuple) else (out,)


def uses(root: Node) -> Counter[Node]:
    """How many times the nodes below `root` are used: the gradients each has to wait for."""
    found: Counter[Node] = Counter()
    todo, seen = [root], {root}
    while todo:
        for child, _ in todo.pop().next_functions:
            if child is not None:
                found[child] += 1
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
    return found


def queued(node: Node) -> tuple[int, int, Node]:
    """A node in a heap: what was computed last comes first, leaves before all, as in torch."""
    return -node._sequence_nr(), id(node), node


def fit(gradient: Tensor, output: Any) -> Tensor:
    """A gradient in the shape and dtype of the output it belongs to, as torch's engine makes it."""
    if gradient.shape != output.shape:
        gradient = gradient.sum_to_size(output.shape)
    return gradient.to(output.dtype)
