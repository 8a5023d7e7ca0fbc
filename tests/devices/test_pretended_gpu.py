"""The pretended GPU itself: what code sees, what it counts, and that nothing of it is left."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _foreach_utils as foreach
from torchvision.ops import deform_conv2d

from experiments.gpu_check.pretended import MixedDevices, pretended_gpu
from tpr.parallel.distributed import device


def network():
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1))


def test_the_project_takes_it_for_its_gpu():
    with pretended_gpu():
        x = torch.zeros(2, 3, device=device())
        assert device() == torch.device("cuda", 0)
        assert x.is_cuda and x.device == device() and (x + 1).is_cuda and not x.cpu().is_cuda
        with pytest.raises(TypeError, match="numpy"):
            x.numpy()


def test_autocast_casts_by_cudas_lists():
    """On a CPU layer_norm stays in half precision under autocast, and softmax too."""
    with pretended_gpu(), torch.autocast("cuda", torch.bfloat16):
        x = torch.ones(2, 4, device="cuda", dtype=torch.bfloat16)
        assert F.linear(torch.ones(2, 4, device="cuda"), x).dtype is torch.bfloat16
        assert F.layer_norm(x, (4,)).dtype is torch.float32
        assert x.softmax(1).dtype is torch.float32


@pytest.mark.parametrize(
    "mix",
    [
        lambda gpu, cpu: gpu + cpu,
        lambda gpu, cpu: torch.cat([gpu, cpu]),
        lambda gpu, cpu: F.linear(gpu, cpu),
        lambda gpu, cpu: gpu.index_put_((torch.zeros(1, dtype=torch.long),), cpu[:1]),
        lambda gpu, cpu: torch.stack([gpu.sum(), cpu.sum()]),
    ],
    ids=["add", "cat", "linear", "index_put", "stack"],
)
def test_mixing_devices_raises(mix):
    with pretended_gpu():
        gpu = torch.ones(3, 3, device="cuda")
        with pytest.raises(MixedDevices, match=r"test_pretended_gpu.py:\d+: .* mixes"):
            mix(gpu, torch.ones(3, 3))


def test_cpu_numbers_and_cpu_places_are_taken_as_cuda_takes_them():
    with pretended_gpu() as counts:
        gpu = torch.arange(3.0).to("cuda")
        counts.clear()
        assert (gpu * torch.tensor(2.0)).tolist() == [0, 2, 4]
        assert gpu[torch.tensor([2, 0])].tolist() == [2, 0]
        assert counts.totals()["to_gpu"] == 1  # the places


def test_waiting_copies_and_kernels_are_counted_by_line():
    with pretended_gpu() as counts:
        x = torch.ones(4).to("cuda")
        assert list(counts.to_gpu.values()) == [1] and not counts.syncs
        y = (x.view(2, 2) + 1).t()
        assert counts.launches.total() == 1  # views start none
        assert y.sum().item() == 8 and len(y[y > 1]) == 4
        files = {place.split(":")[0] for place in counts.syncs}
        assert files == {"tests/devices/test_pretended_gpu.py"}
        assert {place.split()[1] for place in counts.syncs} == {"_local_scalar_dense", "index"}
        y.cpu()
        assert counts.totals()["to_host"] == 1 and counts.totals()["syncs"] == 3
        counts.clear()
        assert not any(counts.totals().values())


def test_gradients_are_those_of_the_cpu():
    x = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(1))
    offset = torch.randn(2, 18, 6, 8, generator=torch.Generator().manual_seed(2))

    def gradients(model, x, offset):
        hidden = model(x)
        sampled = deform_conv2d(x, offset, model[0].weight, padding=1)
        loss = hidden.square().sum() + sampled.sum() + hidden[:, 0].mean() * hidden.amax()
        loss.backward()
        return [p.grad.cpu() for p in model.parameters()]

    expected = gradients(network(), x, offset)
    with pretended_gpu():
        found = gradients(network().to("cuda"), x.to("cuda"), offset.to("cuda"))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_nothing_of_it_is_left():
    with pytest.raises(RuntimeError, match="stop here"), pretended_gpu():
        network().to("cuda")
        raise RuntimeError("stop here")
    assert not torch.cuda.is_available() and device() == torch.device("cpu")
    assert not torch.__future__.get_overwrite_module_params_on_conversion()
    assert not any("Gpu" in kind.__name__ for kind in foreach._foreach_supported_types)
    model = network()
    model(torch.ones(1, 3, 4, 4)).sum().backward()
    assert model[0].weight.grad is not None
