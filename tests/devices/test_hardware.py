"""What a record says of the machine."""

import torch

from tpr.devices.machine_record import hardware


def test_processors_of_one_name_are_told_apart_by_what_torch_computes_with(monkeypatch):
    for found in ("AVX2", "AVX512"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda found=found: found)
        assert hardware()["vectors"] == found
