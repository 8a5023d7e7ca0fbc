"""The page: whole, self-contained, safe, and honest about what is missing."""

import json
import re

import pytest

from experiments.stages.layout import Layout
from reports.build import build, main
from reports.numbers import duration, number, signed
from reports.page.rendering import cell, prose
from tests.helpers.fake_records import (
    FINISHED,
    key,
    record,
    write_all,
    write_manifest,
    write_record,
)
from tests.helpers.html_reader import Reader


def read(root, profile="mini"):
    """The built page as a Reader, with single spaces in its text."""
    reader = Reader(build(profile, root).read_text())
    reader.text = " ".join(reader.text.split())
    return reader


def add_training_log(root, run, seed):
    """A finished training folder with a log as tpr.training.loop writes it."""
    stage = key("train", f"{run}-seed{seed}")
    folder = root / "runs" / "mini" / f"train-{run}-seed{seed}-{stage[:12]}"
    folder.mkdir(parents=True)
    lines = [{"iteration": i, "loss_mask": 4 / i, "open_fraction": 0.5} for i in range(1, 41)]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = json.dumps({"key": stage, "finished": FINISHED})
    (folder / "record.json").write_text(text)


def test_page_without_any_record(tmp_path):
    write_manifest(tmp_path)
    text = read(tmp_path).text
    assert "0 of 6" in text and "not run" in text
    assert "No claim can be read yet" in text and "There is no record yet" in text


def test_page_without_any_manifest(tmp_path):
    assert "profile mini" in read(tmp_path).text


def test_whole_page_needs_no_network(tmp_path):
    write_all(tmp_path)
    reader = read(tmp_path)
    assert reader.links and all(link.startswith(("data:", "#")) for link in reader.links)
    assert "http" not in re.sub(
        r"data:[^\"]*", "", (tmp_path / "reports/mini/index.html").read_text()
    )
    assert all(reader.alts)


def test_page_shows_measured_beside_published(tmp_path):
    write_all(tmp_path)
    text = read(tmp_path).text
    assert "6 of 6" in text
    assert "ResNet50 ✓ ✓ 35.9 32.6 ± 0.6 +2.1 +2.1" in text
    assert "as published (contains the published gain)" in text
    assert text.count("directions at mini scale, no verdicts on the paper") == 1
    assert "Order of 6 rows by AP against the published one: Kendall's τ" in text


def test_a_partial_suite_gives_a_partial_page(tmp_path):
    write_manifest(tmp_path)
    write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    text = read(tmp_path).text
    assert "1 of 6" in text and "30.0" in text and "not run" in text


def test_provenance_names_key_commit_state_and_machine(tmp_path):
    write_all(tmp_path)
    text = read(tmp_path).text
    assert key("evaluate", "blendmask-r50-seed0")[:12] in text
    assert "c0ffeec0f" in text and "+ changes" in text
    assert "Fake <CPU>, AVX2, 2 cores, 8 GB" in text
    assert "torch 0.0-fake" in text


def test_records_cannot_inject_markup(tmp_path):
    write_manifest(tmp_path)
    raw = record("blendmask-r50", 0, 30.0)
    raw["evaluate"]["hardware"]["cpu"] = "<script>alert(1)</script>|x"
    write_record(tmp_path, raw)
    page = build("mini", tmp_path)
    assert "<script>alert" not in page.read_text()
    assert "<script" not in page.with_name("report.md").read_text()


def test_history_is_shown_and_its_html_is_not_interpreted(tmp_path):
    write_manifest(tmp_path)
    path = Layout("mini", tmp_path).history
    path.parent.mkdir(parents=True)
    path.write_text("- chose **SGD** <img src=x onerror=y>\n")
    page = build("mini", tmp_path).read_text()
    assert "<strong>SGD</strong>" in page and "<img src=x" not in page


def test_smoke_says_that_its_numbers_are_meaningless(tmp_path):
    write_manifest(tmp_path)
    write_record(tmp_path, record("blendmask-r50", 0, 30.0, profile="smoke"), "smoke")
    text = read(tmp_path, "smoke").text
    assert "The numbers on this page are meaningless" in text
    assert "claims, direction at" not in text and "not resolved" not in text.split("How to read")[0]


def test_the_profile_introduces_itself(tmp_path):
    path = write_manifest(tmp_path).parent.parent / "profiles" / "mini.yaml"
    path.parent.mkdir()
    path.write_text("about: Small networks, made-up <videos>.")
    assert "Small networks, made-up <videos>." in read(tmp_path).text


def test_left_out_records_are_an_error_line(tmp_path):
    write_all(tmp_path)
    write_record(tmp_path, record("blendmask-r50", 5, 1.0, dataset="e" * 64))
    assert "blendmask-r50 seed 5 (different dataset fingerprint" in read(tmp_path).text


def test_markdown_links_figures_that_exist(tmp_path):
    write_all(tmp_path)
    report = build("mini", tmp_path).with_name("report.md")
    linked = re.findall(r'(?:src|srcset)="([^"]+)"', report.read_text())
    assert linked and all((report.parent / link).is_file() for link in linked)


def test_markdown_tables_have_as_many_cells_as_columns(tmp_path):
    write_all(tmp_path)
    report = build("mini", tmp_path).with_name("report.md").read_text()
    for block in re.findall(r"(?:^\|.*\n)+", report, flags=re.M):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_curves_are_drawn_from_logs_and_kept_when_the_runs_are_gone(tmp_path):
    write_all(tmp_path)
    add_training_log(tmp_path, "blendmask-r50+tpr", 0)
    build("mini", tmp_path)
    figure = tmp_path / "reports/mini/figures/training-1a.png"
    drawn = figure.read_bytes()
    (tmp_path / "runs").rename(tmp_path / "gone")
    assert "Last smoothed loss: blendmask-r50+tpr" in " ".join(read(tmp_path).alts)
    assert figure.read_bytes() == drawn


def test_a_new_record_redraws_the_chart(tmp_path):
    write_all(tmp_path)
    build("mini", tmp_path)
    changed = record("blendmask-r50", 0, 20.0)
    changed["evaluate"]["key"] = key("evaluate", "again")
    write_record(tmp_path, changed)
    assert "blendmask-r50 27.2" in " ".join(read(tmp_path).alts)


def test_building_twice_changes_no_byte(tmp_path):
    write_all(tmp_path)
    first = build("mini", tmp_path).read_bytes()
    assert build("mini", tmp_path).read_bytes() == first


def test_profile_names_stay_below_the_reports_folder():
    with pytest.raises(ValueError, match="not a profile name"):
        Layout("../x")


def test_command_line_reports_errors_in_one_line(capsys):
    assert main(["--profile", "../x"]) == 1
    assert capsys.readouterr().err.startswith("error: not a profile name")


def test_numbers_as_people_read_them():
    assert [number(33.84), number(None), number(float("nan")), number(-0.04)] == [
        "33.8",
        "–",
        "–",
        "0.0",
    ]
    assert [signed(1.4), signed(-0.3), signed(0.0), signed(None)] == ["+1.4", "−0.3", "+0.0", "–"]
    assert [duration(75), duration(600), duration(9000), duration(None)] == [
        "75 s",
        "10 min",
        "2.5 h",
        "–",
    ]


def test_markdown_cells_hold_no_markup():
    assert cell("a|b\n<c>") == "a\\|b &lt;c&gt;"


def test_prose_shows_html_as_text():
    assert prose("a <b>b</b>") == "<p>a &lt;b&gt;b&lt;/b&gt;</p>"


def test_curves_in_records_need_no_logs(tmp_path):
    write_all(tmp_path)
    measured = record("blendmask-r50+tpr", 0, 30.0)
    measured["train"]["metrics"]["curve"] = {"iteration": [10, 20], "loss_a": [3.0, 2.0]}
    write_record(tmp_path, measured)
    build("mini", tmp_path)
    assert "Last smoothed loss: blendmask-r50+tpr 2.00" in " ".join(read(tmp_path).alts)
