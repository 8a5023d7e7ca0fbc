"""The plug-in under DistributedDataParallel, which waits for every parameter's gradient."""

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

pytestmark = pytest.mark.timeout(600)
# Of the two processes: which of them has references in an iteration.
ITERATIONS = [(True, True), (True, False), (False, False), (False, True)]


def train(rank: int, folder: str) -> None:
    """Some iterations of one of two processes; writes its parameters."""
    from detectron2.modeling import build_model

    from tests.helpers.plugin_models import image, small, stirred
    from tpr.detectron2_plugin import use_tpr

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.manual_seed(0)
    cfg = use_tpr(small("MeanBrightness"))
    cfg.MODEL.TPR.ROWS = (2, 1, 1, 1, 1)  # the last row has one level and nothing to route
    model = stirred(build_model(cfg))
    optimiser = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
    parallel = DistributedDataParallel(model)
    for i, referenced in enumerate(ITERATIONS):
        entry = {"image": image(10 * i + rank)}
        if referenced[rank]:
            entry["reference"] = image(100 + 10 * i + rank)
        optimiser.zero_grad()
        sum(parallel([entry]).values()).backward()
        optimiser.step()
    torch.save(model.state_dict(), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_processes_train_with_and_without_references(tmp_path):
    torch.multiprocessing.spawn(train, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
