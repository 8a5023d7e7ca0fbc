"""A profile that extends another says only what is different, and mistakes in either are told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.declared.profiles import load_profile
from experiments.stages.layout import ROOT
from reports.records import profile_manifest

MANIFESTS = ROOT / "experiments" / "manifests"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With profiles `smoke` and `own`, which is to be written."""
    shutil.copy(MANIFESTS / "profiles" / "smoke.yaml", tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "own") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"profile: {name}\n{text}")
    return path


def test_mappings_are_merged_and_other_values_replaced(folder):
    own = write(folder, "extends: smoke\nseeds: [3, 4]\ndata: {videos: {val: {videos: 9}}}\n")
    smoke = yaml.safe_load((folder / "smoke.yaml").read_text())
    profile, _ = load_profile(own)
    assert profile.name == "own" and profile.seeds == [3, 4]
    smoke["data"]["videos"]["val"]["videos"] = 9
    assert profile.data == smoke["data"] and profile.model == smoke["model"]


def test_what_is_extended_does_not_change(folder):
    before, _ = load_profile(folder / "smoke.yaml")
    load_profile(write(folder, "extends: smoke\nseeds: [3]\n"))
    assert load_profile(folder / "smoke.yaml")[0] == before


def test_an_extended_profile_may_extend_another(folder):
    write(folder, "extends: smoke\nthreads: 3\nworkers: 2\n", "between")
    profile, _ = load_profile(write(folder, "extends: between\nworkers: 5\n"))
    assert (profile.threads, profile.workers) == (3, 5)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("extends: smok", "own.yaml:2", "unknown profile 'smok' to extend; did you mean 'smoke'"),
        ("extends: own", "own.yaml:2", "own extends own"),
        ("extends: [smoke]", "own.yaml:2", "must be the name of a profile"),
        ("extends: smoke\ntrain: {bacth_size: 2}", "own.yaml:3", "did you mean 'batch_size'"),
        ("extends: smoke\ntrain: {clip: no}", "own.yaml:3", "clip must be a number"),
        ("extends: smoke\ntrain: 3", "own.yaml:3", "train must be a mapping"),
        ("extends: smoke\nseeds: [1]\nseeds: [2]", "own.yaml:4", "'seeds' stands twice"),
        ("extends: smoke\nextends: smoke", "own.yaml:3", "'extends' stands twice"),
    ],
)
def test_a_mistake_is_told_where_it_stands(folder, text, place, message):
    with pytest.raises(ManifestError) as error:
        load_profile(write(folder, f"{text}\n"))
    assert f"{place}: " in str(error.value) and message in str(error.value)


def test_a_mistake_in_the_extended_file_is_told_there(folder):
    smoke = folder / "smoke.yaml"
    lines = smoke.read_text().splitlines()
    lines[[line.startswith("threads:") for line in lines].index(True)] = "threads: many"
    smoke.write_text("\n".join(lines))
    number = lines.index("threads: many") + 1
    with pytest.raises(ManifestError, match=rf"smoke\.yaml:{number}: threads must be a whole"):
        load_profile(write(folder, "extends: smoke\n"))


def test_midi_is_mini_with_more_of_it_and_the_report_reads_it_alike():
    manifests = load_manifests(MANIFESTS)
    mini, midi = manifests.profile("mini"), manifests.profile("midi")
    assert (midi.model, midi.infer) == (mini.model, mini.infer | {"batch": 8})
    assert midi.train == mini.train | {"iterations": 2000}
    motion = mini.data["videos"]["train"]["motion"]
    assert midi.data["videos"]["val"] == mini.data["videos"]["val"] | {"videos": 1500}
    assert midi.data["images"] == mini.data["images"] | {"motion": motion}
    found = profile_manifest.load_profile(MANIFESTS, "midi")
    assert profile_manifest.split_size(found) == 1500 and found["seeds"] == mini.seeds
