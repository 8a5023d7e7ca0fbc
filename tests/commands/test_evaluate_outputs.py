"""`tpr-evaluate`: several results, tables of groups, a page, a plot, lines of videos, progress."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from tpr.evaluate import main
from tpr.evaluation import evaluate

DATA = Path(__file__).parents[1] / "data" / "ytvis"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Ground truth, results, and the same with less and less of them, in the current folder."""
    case = json.loads((DATA / "r28_bigger.json").read_text())
    results = case["dt"]
    contents = {"gt": case["gt"], "a": results, "b": results[::2], "c": results[::3]}
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMPARE = ["gt.json", "--compare", "a.json", "b.json", "c.json", "--draws", "20"]


def test_each_further_result_is_compared_with_the_first(files, capsys):
    assert main([*COMPARE, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    stats = [one["stats"]["AP"] for one in report["results"]]
    assert "differences" not in report["results"][0] and len(stats) == 3
    for one, value in zip(report["results"][1:], stats[1:], strict=True):
        assert one["differences"]["AP"]["value"] == value - stats[0]
        assert one["differences"]["AP"]["low"] <= one["differences"]["AP"]["high"]


def test_the_old_form_says_the_same(files, capsys):
    reports = []
    for files_named in (["a.json", "--compare", "b.json"], ["--compare", "a.json", "b.json"]):
        assert main(["gt.json", *files_named, "--json", "--draws", "20"]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0] == reports[1]
    assert reports[0]["differences"] == reports[0]["results"][1]["differences"]


def test_the_table_has_a_column_a_result_and_a_row_a_group(files, capsys):
    flags = ["--per-category", "--per-size", "--per-length", "--per-motion"]
    assert main([*COMPARE, *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["A: a.json", "B: b.json", "C: c.json"]
    assert "B - A" in lines[3] and "C - A" in lines[3]
    for head in ("by size", "by length", "by motion", "AP by category"):
        assert any(line.startswith(head) for line in lines)
    assert sum(line.startswith("short (up to ") for line in lines) == 3


def test_a_page_needs_nothing_else_and_is_not_written_by_its_inputs(files, capsys):
    truth = json.loads(Path("gt.json").read_text())
    truth["categories"][0]["name"] = "<script>alert(1)</script>"
    Path("gt.json").write_text(json.dumps(truth))
    assert main([*COMPARE, "--per-category", "--html", "out/report.html"]) == 0
    page = Path("out/report.html").read_text()
    shown = capsys.readouterr().out
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http" not in page and "src=" not in page and "url(" not in page
    row = next(line for line in shown.splitlines() if line.startswith("AP50")).split()
    assert all(f"<td>{cell}</td>" in page for cell in row[1:4])
    assert page.count("<circle") == 8


def test_a_plot_is_a_picture(files, capsys):
    assert main([*COMPARE, "--plot", "gains.png"]) == 0
    assert Path("gains.png").read_bytes().startswith(b"\x89PNG")
    assert main([*COMPARE, "--plot", "gains.txt"]) == 1
    assert "--plot gains.txt: name it .png" in capsys.readouterr().err


def test_without_matplotlib_a_plot_says_what_to_install(files, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main([*COMPARE, "--plot", "gains.png", "--html", "report.html"]) == 1
    assert capsys.readouterr().err == "error: --plot needs matplotlib: pip install matplotlib\n"
    assert not Path("report.html").exists()


def test_a_line_a_video_is_that_video_alone(files):
    assert main(["gt.json", "a.json", "--per-video", "videos.csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(Path("videos.csv").read_text())))
    metrics = evaluate("gt.json", "a.json")
    assert [int(row["video_id"]) for row in rows] == metrics.video_ids
    for row in rows[:5]:
        alone = evaluate("gt.json", "a.json", video_ids=[int(row["video_id"])]).stats
        for name in ("AP", "AP50", "AR10"):
            assert row[name] == ("" if alone[name] < 0 else repr(alone[name]))
        assert int(row["found"]) + int(row["missed"]) == int(row["true_tracks"])


def test_an_output_is_never_an_input(files, capsys):
    before = Path("b.json").read_bytes()
    assert main([*COMPARE, "--html", "b.json"]) == 1
    assert "is an input too" in capsys.readouterr().err and Path("b.json").read_bytes() == before


def test_two_outputs_are_never_one_file(files, capsys):
    Path("linked").symlink_to(".")
    assert main([*COMPARE, "--html", "x.html", "--per-video", "linked/x.html"]) == 1
    line = "error: linked/x.html: two outputs would be written there: choose another one\n"
    assert capsys.readouterr().err == line and not Path("x.html").exists()


def test_class_agnostic_takes_all_tracks_for_one_category(files, capsys):
    truth, results = (json.loads(Path(f"{name}.json").read_text()) for name in ("gt", "a"))
    expected = evaluate(
        truth | {"categories": [{"id": 1, "name": "object"}],
                 "annotations": [one | {"category_id": 1} for one in truth["annotations"]]},
        [one | {"category_id": 1} for one in results],
    )  # fmt: skip
    foreign = [one | {"category_id": one["category_id"] + 1000} for one in results]
    Path("a.json").write_text(json.dumps(foreign))
    assert main(["gt.json", "a.json", "--class-agnostic", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["results"][0]["stats"]["AP"] == expected.stats["AP"] > 0
    assert not any("unknown category" in note for note in report["notes"])


def test_categories_without_tracks_cost_nothing_and_are_not_listed(files, capsys):
    truth = json.loads(Path("gt.json").read_text())
    used = {one["category_id"] for name in ("gt", "a") for one in _tracks(name)}
    truth["categories"] += [{"id": 1000 + k, "name": f"phrase {k}"} for k in range(50_000)]
    expected = evaluate("gt.json", "a.json")
    metrics = evaluate(truth, "a.json")
    assert metrics.stats == expected.stats and set(metrics.matches) == used
    assert (metrics.bootstrap(20) == expected.bootstrap(20)).all()
    Path("gt.json").write_text(json.dumps(truth))
    assert main(["gt.json", "a.json", "--per-category", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["results"]
    assert {one["id"] for one in entry["per_category"]} == used


def _tracks(name):
    content = json.loads(Path(f"{name}.json").read_text())
    return content["annotations"] if isinstance(content, dict) else content


def test_a_terminal_sees_how_far_it_is_and_nothing_else_does(files, capsys, monkeypatch):
    monkeypatch.setattr("tpr.evaluate.PATIENCE", -1)
    assert main(["gt.json", "a.json"]) == 0
    assert " videos" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["gt.json", "a.json"]) == 0
    told = capsys.readouterr().err
    assert "a.json: 1 of " in told and " videos\r\x1b[Knote: " in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gt.json"], "no results were named"),
        (["gt.json", "--compare", "a.json"], "--compare takes two files or more"),
        (["gt.json", "a.json", "--plot", "x.png"], "--plot draws differences"),
    ],
)
def test_what_cannot_be_meant_is_said(files, capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_losses_are_shown_with_their_differences(files, capsys):
    assert main(["gt.json", "a.json", "b.json", "--errors", "--draws", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("AP lost to, in %"))
    spatial = next(line for line in lines[head:] if line.startswith("spatial")).split()
    assert float(spatial[3]) == pytest.approx(float(spatial[2]) - float(spatial[1]), abs=0.011)
    assert float(spatial[4]) <= float(spatial[3]) <= float(spatial[6])
    assert any(line.startswith("errors at IoU 0.50") for line in lines[head:])


def test_results_of_several_seeds_are_a_run(files, capsys):
    arguments = ["gt.json", "a.json", "b.json", "c.json", "c.json", "--seeds", "2", "--draws", "20"]
    assert main([*arguments, "--errors", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    alone = [evaluate("gt.json", f"{name}.json").stats["AP"] for name in "abc"]
    first, second = report["results"]
    assert report["seeds"] == 2 and first["file"] == "a.json + b.json"
    assert first["stats"]["AP"] == (alone[0] + alone[1]) / 2
    assert second["differences"]["AP"]["value"] == pytest.approx(alone[2] - first["stats"]["AP"])
    assert second["errors"]["differences"]["missed"]["low"] is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.json", "b.json", "c.json", "--seeds", "2"], "3 results cannot be runs of 2 seeds"),
        (["a.json", "b.json", "--seeds", "2", "--per-category"], "takes runs of one seed"),
    ],
)
def test_runs_that_make_no_sense_are_refused(files, capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(["gt.json", *arguments])
    assert message in capsys.readouterr().err


def test_hota_is_shown_beside_ap_and_compared(files, capsys):
    assert main(["gt.json", "a.json", "b.json", "--hota", "--draws", "20", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    first, second = (one["tracking"]["stats"] for one in results)
    found = results[1]["tracking"]["differences"]
    assert found["HOTA"]["value"] == second["HOTA"] - first["HOTA"] != 0
    assert found["HOTA"]["low"] <= found["HOTA"]["high"]
    assert main(["gt.json", "a.json", "--hota"]) == 0
    table = capsys.readouterr().out.split("HOTA and IDF1 in %")[1].split()
    assert table[1:3] == ["HOTA", f"{100 * first['HOTA']:.2f}"]


def test_a_line_a_video_has_its_errors(files):
    assert main(["gt.json", "a.json", "--errors", "--per-video", "videos.csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(Path("videos.csv").read_text())))
    errors = evaluate("gt.json", "a.json", errors=True).errors
    for kind in ("spatial", "background", "missed"):
        assert sum(int(row[f"{kind}_errors"]) for row in rows) == errors.number()[kind] > 0
    assert [int(row["identity_switches"]) for row in rows] == errors.switches.tolist()
