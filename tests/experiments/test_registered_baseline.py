"""A baseline is one file and one line in the registry: no profile and no schema need know it."""

import pytest
import torch
from torch import nn

from baselines import registry
from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import check_runs, load_manifests
from experiments.pipeline.graph import Graph
from tests.helpers.suite_helpers import edit, make_root
from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.routing import Frame

RUN = "blendmask-r50+average"


class Average(nn.Module):
    def __init__(self, channels: int, share: float = 0.5) -> None:
        super().__init__()
        self.share = share

    def forward(self, query, reference):
        return {
            name: x.lerp(reference.pyramid[name], self.share) for name, x in query.pyramid.items()
        }


class Sampling(nn.Module):
    """In DACR's place."""

    def __init__(self, channels: int, *, taps: int = 9) -> None:
        super().__init__()
        self.taps = taps


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(registry.BASELINES, "average", registry.whole(Average))
    monkeypatch.setitem(registry.BASELINES, "sampling", registry.sampler(Sampling))


def declared(tmp_path, temporal: str):
    """Manifests with a run of the temporal module."""
    folder = make_root(tmp_path) / "experiments" / "manifests"
    with (folder / "runs.yaml").open("a") as file:
        file.write(f"{RUN}: {{head: blendmask, backbone: r50, temporal: {temporal}}}\n")
    return folder


def temporal_of(folder, profile: str = "smoke"):
    manifests = load_manifests(folder)
    check_runs(manifests, manifests.profile(profile))
    graph = Graph(manifests.runs, manifests.profile(profile))
    return graph.train(RUN, 0).spec["model"]["temporal"]


def refined(temporal) -> torch.Tensor:
    model = build_model(MODEL | {"temporal": temporal}, 3, temporal=registry.BASELINES)
    query, reference = (Frame({"p3": torch.full((1, 64, 2, 2), x)}) for x in (1.0, 4.0))
    return model.refine(query, reference).pyramid["p3"]


@pytest.mark.parametrize("profile", ["mini", "smoke", "full"])
def test_its_constructors_defaults_hold_where_no_profile_knows_it(tmp_path, registered, profile):
    temporal = temporal_of(declared(tmp_path, "{module: average}"), profile)
    assert temporal == {"name": "average"}
    assert refined(temporal).unique().tolist() == [2.5]


def test_a_run_may_change_its_options(tmp_path, registered):
    temporal = temporal_of(declared(tmp_path, "{module: average, share: 1.0}"))
    assert refined(temporal).unique().tolist() == [4.0]


def test_a_profile_may_give_it_options(tmp_path, registered):
    folder = declared(tmp_path, "{module: average}")
    edit(folder / "profiles" / "smoke.yaml", "    stsn:", "    average: {share: 0.0}\n    stsn:")
    assert temporal_of(folder) == {"name": "average", "share": 0.0}


@pytest.mark.parametrize("run", ["{module: sampling}", "{module: sampling, sampling: true}"])
def test_parts_that_the_run_does_not_change_have_their_defaults(tmp_path, registered, run):
    spec = temporal_of(declared(tmp_path, run))
    assert registry.BASELINES["sampling"](spec, 16).dacr.taps == 9


def test_a_part_that_cannot_be_left_out_is_named(tmp_path, registered):
    spec = temporal_of(declared(tmp_path, "{module: sampling, cpr: false}"))
    with pytest.raises(ValueError, match="sampling cannot be built without cpr"):
        registry.BASELINES["sampling"](spec, 16)


def test_a_name_that_is_not_registered_is_a_mistake_with_its_line(tmp_path, registered):
    folder = declared(tmp_path, "{module: avrage}")
    with pytest.raises(
        ManifestError, match=r"runs\.yaml:\d+: .*'avrage'; did you mean 'average'\?"
    ):
        temporal_of(folder)


def test_so_is_one_in_a_profile(tmp_path):
    folder = declared(tmp_path, "null")
    edit(folder / "profiles" / "smoke.yaml", "    stsn:", "    stns: {a: 1}\n    stsn:")
    with pytest.raises(ManifestError, match=r"smoke\.yaml:\d+: .*'stns'; did you mean 'stsn'\?"):
        load_manifests(folder).profile("smoke")


def test_an_option_may_have_any_name(tmp_path):
    folder = declared(tmp_path, '{module: mine.Module, "*": 2, module_: x}')
    assert temporal_of(folder) == {"name": "mine.Module", "*": 2, "module_": "x"}
