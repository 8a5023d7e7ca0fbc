"""Who decides whether GPUs multiply in TF32."""

import pytest
import torch

from tpr.devices.tf32 import allow_tf32, exact_products


def settings():
    return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32


@pytest.fixture(autouse=True)
def as_before():
    before = settings()
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


def test_gpus_use_tf32_and_cpus_change_nothing():
    before = settings()
    allow_tf32(torch.device("cpu"))
    assert settings() == before
    allow_tf32(torch.device("cuda", 0))
    assert settings() == ("high", True)


def test_exactness_wins_and_leaves_things_as_they_were():
    allow_tf32(torch.device("cuda", 0))
    with exact_products():
        assert settings() == ("highest", False)
        allow_tf32(torch.device("cuda", 0))
        assert settings() == ("highest", False)
    assert settings() == ("high", True)
