"""Names from data and from manifests go through the whole report as text, never as markup."""

import json
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from reports.build import build
from tests.helpers.fake_records import MANIFEST, record, write_manifest, write_record
from tests.helpers.finished_runs import RUNS, add_results, add_videos
from tpr.data.rle import encode

EVIL = "<script>alert(1)</script>"
TEX = r"\input{x} $ & % # _ ~ ^"


class Elements(HTMLParser):
    """Names of elements, and the text outside of scripts."""

    def __init__(self):
        super().__init__()
        self.names, self.text, self.handlers = [], "", []

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data):
        if self.names[-1:] != ["script"]:
            self.text += data


def read(path):
    found = Elements()
    found.feed(path.read_text())
    return found


def suite(root, name, cell):
    """A whole report's input in which everything that data may name is called `name`."""
    text = MANIFEST.replace('DACR: "-"', f"DACR: {json.dumps(cell)}", 1)
    write_manifest(root, text.replace("title: Effect", f"title: {json.dumps(cell)} #", 1))
    add_videos(root)
    (folder,) = (root / "runs" / "mini").glob("videos-*")
    content = json.loads((folder / "val.json").read_text())
    content["categories"][0]["name"] = name
    content["videos"][0]["file_names"] = [f"1/{name}{t}.jpg" for t in range(2)]
    for file in content["videos"][0]["file_names"]:
        path = folder / "frames" / "val" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 36), (90, 90, 90)).save(path)
    (folder / "val.json").write_text(json.dumps(content))
    mask = np.zeros((36, 64), bool)
    mask[8:24, 10:30] = True
    for run, video in zip(RUNS, (2, 1), strict=True):
        raw = record(run, 0, 30.0)
        group = {"name": name, "size": 2, "AP": 30.0}
        raw["evaluate"]["metrics"] |= {
            "per_category": {name: 30.0},
            "difficulty": {"frames": [group]},
        }
        raw["evaluate"]["packages"] |= {name: name}
        write_record(root, raw)
        track = {"video_id": video, "category_id": 1, "score": 0.9}
        add_results(root, run, json.dumps([track | {"segmentations": [encode(mask)] * 2}]))
    return build("mini", root)


def test_a_category_and_a_video_that_are_scripts_are_text_on_the_page(tmp_path):
    page = read(suite(tmp_path / "evil", EVIL, EVIL))
    plain = read(suite(tmp_path / "plain", "fish", "-"))
    assert page.names == plain.names, "another element came in"
    assert page.handlers == [] and page.names.count("script") == 3
    assert page.text.count(EVIL) >= 5  # category, group, package, cell, title


def test_the_viewers_data_hold_the_name_and_cannot_end_their_script(tmp_path):
    text = suite(tmp_path, EVIL, "-").read_text()
    (data,) = re.findall(r'<script type="application/json" id="clips">(.*?)</script>', text)
    assert "<" not in data
    labels = [
        one["label"]
        for clip in json.loads(data)
        for frames in clip["tracks"].values()
        for frame in frames
        for one in frame
    ]
    assert labels and all(EVIL in label for label in labels)
    script = text[text.index(data) :]
    assert "innerHTML" not in script and "document.write" not in script


def test_markdown_has_the_names_without_markup(tmp_path):
    text = suite(tmp_path, EVIL + "|x\n\n# y", EVIL).with_name("report.md").read_text()
    assert "<script" not in text and "\n# y" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_latex_prints_commands_instead_of_obeying_them(tmp_path):
    suite(tmp_path, "fish", TEX)
    text = (tmp_path / "results/mini/tables/1a.tex").read_text()
    assert r"\input" not in text
    shown = r"\textbackslash{}input\{x\} \$ \& \% \# \_ \textasciitilde{} \textasciicircum{}"
    assert text.count(shown) == 2
