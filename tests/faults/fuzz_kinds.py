"""The kinds of cases of the fuzz test: case(rng, folder) -> "answered" or "no opinion".

A refusal is a ValueError or FileNotFoundError; a wrong answer an AssertionError.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.faults.mutations import (
    HEIGHT,
    WIDTH,
    distorted_bytes,
    mutate,
    sound,
)
from tests.faults.oracle import NoOpinion, mask_of, runs_of, statistics
from tpr.data import findings as known
from tpr.data.check import check_split
from tpr.data.frames import read_image
from tpr.data.rle import RLEError, decode_strings, encode, mask_from_counts
from tpr.data.youtube_vis import YouTubeVIS
from tpr.evaluate import main as evaluate_command
from tpr.evaluation import archive
from tpr.evaluation.submission import validate_results
from tpr.weights import checkpoint

SECRET = (255, 0, 255)  # the colour of every image outside the frame root
NAMES = (
    "../secret.png",
    "a/../../secret.png",
    "{root}/../secret.png",
    "link.png",
    "dir/secret.png",
    "clip3/../0.jpg",
    "./clip3/0.jpg",
    "clip3//0.jpg",
    "clip3",
    "",
    ".",
    "\0",
    "a\0b",
    "..\\secret.png",
    "x" * 5000,
    "clip3/0.jpg/../../../secret.png",
    "fifo",
    "loop.png",
)


def mutated_results(rng: random.Random, folder: Path) -> str:
    record, results = sound(rng)
    return evaluated(record, mutate(results, rng, rng.randint(1, 3)), folder)


def mutated_truth(rng: random.Random, folder: Path) -> str:
    record, results = sound(rng)
    return evaluated(mutate(record, rng, rng.randint(1, 3)), results, folder)


def mutated_bytes(rng: random.Random, folder: Path) -> str:
    """The text of one of the two files, byte by byte."""
    record, results = (json.dumps(x).encode() for x in sound(rng))
    if rng.random() < 0.5:
        return evaluated_bytes(distorted_bytes(record, rng), results, folder)
    return evaluated_bytes(record, distorted_bytes(results, rng), folder)


def evaluated(record: object, results: object, folder: Path) -> str:
    return evaluated_bytes(json.dumps(record).encode(), json.dumps(results).encode(), folder)


def evaluated_bytes(record: bytes, results: bytes, folder: Path) -> str:
    """Through the command that users call; what it answers must be the literal metric."""
    truth_file, results_file = folder / "truth.json", folder / "results.json"
    truth_file.write_bytes(record)
    results_file.write_bytes(results)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = evaluate_command([str(truth_file), str(results_file), "--json"])
    if status:
        assert status == 1 and err.getvalue().startswith("error: ") and not out.getvalue()
        raise ValueError(err.getvalue().rstrip("\n"))
    found = json.loads(out.getvalue())["results"][0]["stats"]
    try:
        expected = statistics(json.loads(record), json.loads(results))
    except NoOpinion:
        return "no opinion"
    for name, value in expected.items():
        assert (found[name] is None) == (value < 0), f"{name} {found[name]}, not {value}"
        assert value < 0 or abs(found[name] - value) < 1e-9, f"{name} {found[name]}, not {value}"
    return "answered"


def submitted_results(rng: random.Random, folder: Path) -> str:
    """What the check of a submission accepts must be evaluable."""
    record, results = sound(rng)
    results = mutate(results, rng, rng.randint(0, 2))
    problems = validate_results(record | {"annotations": None}, results)
    for line in problems:
        assert line and "\n" not in line
    if problems:
        raise ValueError(problems[0])
    return evaluated(record, results, folder)


def training_data(rng: random.Random, folder: Path) -> str:
    """Mutated annotations through the reader that training uses, masks and frames included."""
    record, _ = sound(rng)
    root = frames_of(record, folder)
    record = mutate(record, rng, rng.randint(1, 3))
    path = folder / "train.json"
    path.write_text(json.dumps(record))
    data = YouTubeVIS(path, root)
    for video in data.videos:
        tracks = data.tracks(video)
        for t, name in enumerate(video.file_names):
            objects = data.frame_instances(video, t)
            masks = [mask_of(x.segmentations[t], video.height, video.width) for x in tracks]
            masks = [mask for mask in masks if mask is not None and mask.any()]
            assert len(masks) == len(objects.masks), "another number of objects"
            assert all(map(np.array_equal, masks, objects.masks)), "another mask"
            if name is not None:
                assert data.read_frame(video, t).shape == (video.height, video.width, 3)
    return "answered"


def data_check(rng: random.Random, folder: Path) -> str:
    """The check before the first training: every finding is one line, whatever the file holds."""
    record, _ = sound(rng)
    root = frames_of(record, folder)
    record = mutate(record, rng, rng.randint(1, 3))
    if not isinstance(record, dict):
        raise ValueError("refused by the caller")
    findings = check_split(record, root, annotated=True).findings
    assert all("\n" not in one.where and one.kind in known.KINDS for one in findings)
    if findings:
        raise ValueError(findings[0].where)
    return "answered"


def frames_of(record: dict, folder: Path) -> Path:
    """Frames for the videos of `sound`, written once."""
    root = folder / "frames"
    for video in record["videos"]:
        for name in video["file_names"]:
            path = root / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (WIDTH, HEIGHT), (10, 20, 30)).save(path)
    return root


def rle_strings(rng: random.Random, folder: Path) -> str:
    """Random and damaged strings: refused, or the mask that a literal decoder finds."""
    height, width = rng.randint(1, 9), rng.randint(1, 9)
    mask = np.array([rng.random() < 0.4 for _ in range(height * width)]).reshape(height, width)
    counts = encode(mask)["counts"].encode()
    alphabet = bytes(range(48, 112))
    chance = rng.random()
    if chance < 0.5:
        counts = distorted_bytes(counts, rng, alphabet)
    elif chance < 0.7:
        counts = bytes(rng.choice(alphabet) for _ in range(rng.randint(0, 12)))
    elif chance < 0.9:
        counts = zero_runs(mask, rng)
    runs = decode_strings([counts], [(height, width)])
    found = mask_from_counts(runs.counts(0), height, width)
    literal = {"size": [height, width], "counts": counts.decode()}
    assert np.array_equal(found, mask_of(literal, height, width)), counts
    assert runs.areas[0] == found.sum()
    return "answered"


def zero_runs(mask: np.ndarray, rng: random.Random) -> bytes:
    """The mask with empty runs put in, where maskApi merges wrongly; refusing it is a defect."""
    runs = runs_of(encode(mask)["counts"])
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(runs) + 1)
        runs[place:place] = [0, 0]
    symbols = bytearray()
    for place, run in enumerate(runs):
        number = run - runs[place - 2] if place > 2 else run
        while not -16 <= number < 16:
            symbols.append(80 + (number & 31))
            number >>= 5
        symbols.append(48 + (number & 31))
    try:
        decode_strings([bytes(symbols)], [mask.shape])
    except RLEError as error:
        raise AssertionError(f"refused, though it is a mask: {bytes(symbols)!r}") from error
    return bytes(symbols)


def images(rng: random.Random, folder: Path) -> str:
    """Damaged, cut off and resized images of several formats."""
    data = io.BytesIO()
    size = (WIDTH, HEIGHT) if rng.random() < 0.8 else (rng.randint(1, 9), rng.randint(1, 9))
    pixels = np.random.default_rng(rng.randrange(2**32)).integers(
        0, 256, (*size[::-1], 3), np.uint8
    )
    kind = rng.choice(["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
    Image.fromarray(pixels).save(data, kind)
    path = folder / "image"
    path.write_bytes(distorted_bytes(data.getvalue(), rng))
    found = read_image(folder, "image", HEIGHT, WIDTH)
    assert found.shape == (HEIGHT, WIDTH, 3) and found.dtype == np.uint8
    return "answered"


def paths(rng: random.Random, folder: Path) -> str:
    """Names and links that lead out of the root; nothing outside may ever be read."""
    root = folder / "root"
    if not root.exists():
        tempting_tree(folder, root)
    name = rng.choice(NAMES).replace("{root}", str(root))
    if rng.random() < 0.5:
        parts = ["..", "clip3", "dir", "secret.png", "link.png", ".", "root", "0.jpg"]
        name = "/".join(rng.choice(parts) for _ in range(rng.randint(1, 5)))
    record = {
        "videos": [{"id": 1, "height": HEIGHT, "width": WIDTH, "file_names": [name]}],
        "categories": [],
    }
    (folder / "paths.json").write_text(json.dumps(record))
    data = YouTubeVIS(folder / "paths.json", root)
    found = data.read_frame(data.videos[0], 0)
    assert tuple(found[0, 0]) != SECRET, f"read outside the root: {name!r}"
    return "answered"


def tempting_tree(folder: Path, root: Path) -> None:
    (root / "clip3").mkdir(parents=True)
    Image.new("RGB", (WIDTH, HEIGHT), (10, 20, 30)).save(root / "clip3" / "0.jpg")
    Image.new("RGB", (WIDTH, HEIGHT), SECRET).save(folder / "secret.png")
    (root / "link.png").symlink_to(folder / "secret.png")
    (root / "dir").symlink_to(folder)
    (root / "loop.png").symlink_to(root / "loop.png")
    os.mkfifo(root / "fifo")


def archives(rng: random.Random, folder: Path) -> str:
    """Damaged submissions and foreign members; nothing is ever unpacked to disk."""
    record, results = sound(rng)
    (folder / "videos.json").write_text(json.dumps(record | {"annotations": None}))
    path = folder / "submission.zip"
    name = rng.choice(["results.json"] * 4 + ["../results.json", "/etc/x", "results.json/", "a/\0"])
    with zipfile.ZipFile(path, "w", rng.choice([0, 8, 12, 14])) as out:
        out.writestr(name, json.dumps(mutate(results, rng, rng.randint(0, 1))))
    if rng.random() < 0.7:
        path.write_bytes(distorted_bytes(path.read_bytes(), rng))
    before = sorted(folder.iterdir())
    problems = archive.validate_archive(folder / "videos.json", path)
    assert sorted(folder.iterdir()) == before, "something was unpacked"
    assert all(line and "\n" not in line for line in problems)
    if problems:
        raise ValueError(problems[0])
    return "answered"


def checkpoints(rng: random.Random, folder: Path) -> str:
    """Damaged weight files."""
    import torch

    path = folder / "weights.pt"
    torch.save({"a": torch.arange(6.0).half(), "b": torch.ones(2, 2).half()}, path)
    path.write_bytes(distorted_bytes(path.read_bytes(), rng))
    state = checkpoint.load(path)
    assert isinstance(state, dict) and {tuple(x.shape) for x in state.values()} <= {(6,), (2, 2)}
    return "answered"


KINDS = {
    "results": mutated_results,
    "ground truth": mutated_truth,
    "bytes of a file": mutated_bytes,
    "submission": submitted_results,
    "training data": training_data,
    "check of data": data_check,
    "RLE strings": rle_strings,
    "images": images,
    "paths and links": paths,
    "archives": archives,
    "checkpoints": checkpoints,
}
