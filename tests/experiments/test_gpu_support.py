"""GPUs that torch cannot use are told in a line with the fix, before anything trains."""

import os

import pytest
import torch

from experiments.engine import environment, gpu_support
from experiments.engine.gpu_support import (
    Build,
    Card,
    UnusableGPUError,
    check_support,
    problem,
    runs,
)
from experiments.pipeline import stage_bodies
from tests.helpers.suite_helpers import edit, make_root, noted, suite

BUILD = Build("2.14.1+cu130", "13.0", ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"])
V100 = Card("Tesla V100-SXM2-16GB", "580.65.06", (7, 0))
A100 = Card("NVIDIA A100-SXM4-80GB", "580.65.06", (8, 0))


@pytest.fixture
def nvidia(tmp_path, monkeypatch):
    """Puts an nvidia-smi first in PATH that finds GPUs: lines of its list, and of its query; and a
    field that it does not know."""

    def install(listed, found, unknown="nothing"):
        (tmp_path / "nvidia-smi").write_text(
            f"#!/bin/bash\n[[ $1 != *{unknown}* ]] || exit 2\n"
            f'[[ $1 == -L ]] && echo "{listed}" || echo "{found}"\n'
        )
        (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return install


def test_a_gpu_that_torch_can_use_is_no_problem():
    assert problem([A100, A100], BUILD, usable=True) == ""


def test_an_old_driver_is_told_with_the_one_that_is_needed():
    why = problem([A100._replace(driver="535.104.05")], BUILD, usable=False)
    assert why.startswith(
        "torch 2.14.1+cu130 (CUDA 13.0) needs driver 580 or newer and compute capability 7.5, 8.0, "
        "8.6, 9.0, 10.0, 12.0; the GPU is NVIDIA A100-SXM4-80GB, driver 535.104.05, compute "
        "capability 8.0: update the driver, or set up again with another build, as TPR_TORCH_INDEX="
    )
    assert "\n" not in why


def test_an_architecture_that_torch_is_not_built_for_is_told_though_torch_finds_the_gpu():
    why = problem([V100], BUILD, usable=True)
    assert "Tesla V100-SXM2-16GB, driver 580.65.06, compute capability 7.0: set up again" in why
    assert "update the driver" not in why and "whl/cu126" in why
    assert problem([A100, V100], BUILD, usable=True) == why


def test_other_reasons_are_told_with_what_there_is():
    assert "has no CUDA and cannot use the GPU" in problem(
        [A100], Build("2.14.1+cpu", None, []), usable=False
    )
    assert "nvidia-smi finds none" in problem([], BUILD, usable=False)
    assert "torch still cannot use it" in problem([A100], BUILD, usable=False)


@pytest.mark.parametrize(
    ("capability", "architectures", "expected"),
    [
        ((8, 0), ["sm_75", "sm_80"], True),
        ((8, 9), ["sm_75", "sm_86"], True),
        ((8, 0), ["sm_75", "sm_86"], False),
        ((7, 0), ["sm_75", "sm_80"], False),
        ((9, 0), ["sm_75", "sm_80"], False),
        ((9, 0), ["sm_75", "compute_80"], True),
        ((9, 0), ["sm_90a"], True),
        ((10, 3), ["sm_100", "sm_120"], True),
        (None, ["sm_80"], True),  # a driver that does not tell
    ],
)
def test_binaries_run_on_their_own_major_version(capability, architectures, expected):
    assert runs(capability, architectures) == expected


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines whose torch has no GPU")
def test_a_job_with_a_gpu_that_torch_cannot_use_fails_before_its_stage_begins(nvidia, tmp_path):
    nvidia("GPU 0: Tesla V100 (UUID: GPU-1)", "Tesla V100-SXM2-16GB, 535.104.05, 7.0")
    with pytest.raises(UnusableGPUError, match=r"needs driver 580 .* driver 535\.104\.05"):
        check_support()
    for name in ("train", "evaluate", "pretrain", "pretrain-flow"):
        spec = {"train": {}} if "pretrain" in name else {}
        with pytest.raises(UnusableGPUError):
            stage_bodies.BODIES[name](spec, {}, tmp_path, None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines whose torch has no GPU")
def test_a_job_that_was_given_a_gpu_which_is_not_there_fails(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_GPUS", "0,1")
    monkeypatch.setattr(gpu_support, "installed_cards", list)
    with pytest.raises(UnusableGPUError, match="the job has GPUs but nvidia-smi finds none"):
        check_support()


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines whose torch has no GPU")
def test_a_driver_that_is_too_old_to_tell_a_capability_is_found_out(nvidia):
    nvidia("GPU 0: Tesla K80 (UUID: GPU-1)", "Tesla K80, 440.33.01", unknown="compute_cap")
    with pytest.raises(UnusableGPUError, match=r"the GPU is Tesla K80, driver 440\.33\.01: update"):
        check_support()


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines whose torch has no GPU")
@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("Orin, [N/A], [N/A]", "the GPU is Orin, driver unknown: torch still"),
        ("A100,535.104.05,8.0\r\n", r"the GPU is A100, driver 535\.104\.05, .* 8\.0: update"),
        ("", r"the GPU is Tesla V100, driver unknown: torch still"),
        ("GPU 0: whatever is asked", r"the GPU is Tesla V100, driver unknown: torch still"),
    ],
)
def test_gpus_of_which_little_is_told_are_found_out(nvidia, found, told):
    nvidia("GPU 0: Tesla V100 (UUID: GPU-1)", found)
    with pytest.raises(UnusableGPUError, match=told):
        check_support()


def test_hidden_gpus_are_not_missed(nvidia, monkeypatch):
    nvidia("GPU 0: Tesla V100 (UUID: GPU-1)", "Tesla V100-SXM2-16GB, 535.104.05, 7.0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    check_support()


def test_without_nvidias_driver_nothing_is_asked(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    check_support()


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines whose torch has no GPU")
def test_the_suite_refuses_to_train_on_the_cpu_of_such_a_machine(nvidia, tmp_path):
    nvidia("GPU 0: Tesla V100 (UUID: GPU-1)", "Tesla V100-SXM2-16GB, 535.104.05, 7.0")
    root = make_root(tmp_path / "root")
    status, output = suite(root, "blendmask-r50")
    assert status == 2 and "Traceback" not in output
    assert output.splitlines()[-1].startswith("error: torch ") and "V100" in output
    assert noted(root) == []


def test_more_gpus_than_can_share_a_batch_are_refused_before_anything_runs(nvidia, tmp_path):
    gpus = "\n".join(f"GPU {i}: NVIDIA A100 (UUID: GPU-{i})" for i in range(3))
    nvidia(gpus, "NVIDIA A100, 580.65.06, 8.0")
    root = make_root(tmp_path / "root")
    edit(root / "experiments/manifests/profiles/smoke.yaml", "workers: null", "processes: null")
    status, output = suite(root, "blendmask-r50")
    assert status == 2 and noted(root) == []
    assert "3 processes cannot share a batch of 4; these numbers can: 1, 2, 4 (" in output


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", 0),
        ("GPU 0: NVIDIA A100 (UUID: GPU-5)", 1),
        ("GPU 0: NVIDIA A100 (UUID: GPU-5)\nGPU 1: NVIDIA A100 (UUID: GPU-6)", 2),
        # of the instances of a GPU that is cut up, a process can use one
        (
            "GPU 0: A100 (UUID: GPU-5)\n  MIG 3g.20gb Device 0: (UUID: M)\n  MIG 3g.20gb Device 1:",
            1,
        ),
        ("GPU 0: A100 (UUID: GPU-5)\n  MIG 7g.40gb Device 0: (UUID: M)\nGPU 1: A100", 1),
    ],
)
def test_gpus_are_counted_as_cuda_counts_them(nvidia, listed, expected):
    nvidia(listed, "")
    assert environment.gpus() == expected


@pytest.mark.parametrize(
    ("visible", "expected"),
    [("", 0), ("0", 1), ("2,3", 2), ("-1", 0), ("0,-1,1", 1), ("MIG-a,MIG-b", 1), ("GPU-a", 1)],
)
def test_visible_gpus_are_counted_as_cuda_counts_them(monkeypatch, visible, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert environment.gpus() == expected


def test_a_login_nodes_torch_without_cuda_is_refused_without_loading_it(tmp_path, monkeypatch):
    package = tmp_path / "torch"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError\n")
    found = gpu_support.importlib.util.spec_from_file_location("torch", package / "__init__.py")
    monkeypatch.setattr(gpu_support.importlib.util, "find_spec", lambda name: found)
    version = package / "version.py"
    version.write_text("__version__ = '2.14.1+cpu'\ncuda: Optional[str] = None\nhip = None\n")
    with pytest.raises(UnusableGPUError, match=r"but torch 2\.14\.1\+cpu has no CUDA"):
        gpu_support.check_build()
    version.write_text("__version__ = '2.14.1+cu130'\ncuda: Optional[str] = '13.0'\nhip = None\n")
    gpu_support.check_build()
