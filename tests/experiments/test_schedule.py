"""The order in which stages start, and the estimate made from it."""

import io
import random
from types import SimpleNamespace

from experiments.engine.plan import DONE, RUN, Step
from experiments.engine.schedule import chains, timetable, total_seconds
from experiments.stages.durations import Durations
from experiments.stages.json_files import write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from experiments.terminal import live_line
from experiments.terminal.live_line import LiveLine
from tests.helpers.suite_helpers import stage


def plan(seconds):
    """Steps of trainings and their evaluations, seconds of each by name; durations of these."""
    videos, steps = stage("videos"), []
    for name in seconds:
        train = stage("train", name, videos=videos)
        steps += [Step(train, RUN, ""), Step(stage("evaluate", name, train=train), RUN, "")]

    def durations(one):
        return {"videos": 5, "train": seconds.get(one.name), "evaluate": 1}[one.kind]

    return [Step(videos, RUN, ""), *steps], durations


def started(steps, durations, workers):
    """Labels in the order of starting, when every stage takes as long as expected."""
    stages = [one for _, one in timetable(steps, durations, workers)]
    return [f"{one.kind} {one.name}".strip() for one in stages]


def test_runs_are_completed_one_by_one_in_the_order_of_the_plan():
    order = started(*plan(dict.fromkeys("abcdef", 10)), workers=1)
    runs = [f"{kind} {name}" for name in "abcdef" for kind in ("train", "evaluate")]
    assert order == ["videos", *runs]
    order = started(*plan(dict.fromkeys("abcdef", 10)), workers=2)
    assert order[:5] == ["videos", "train a", "train b", "evaluate a", "evaluate b"]


def test_a_chain_that_would_outlast_the_rest_goes_first():
    seconds = {"a": 10, "b": 10, "c": 10, "long": 25}
    order = started(*plan(seconds), workers=2)
    assert order[1:3] == ["train long", "train a"]
    assert order.index("evaluate a") < order.index("train b")
    assert total_seconds(*plan(seconds), 2) <= 5 + 33  # a, b and c beside the long one


def test_no_order_is_much_worse_than_the_longest_first():
    draw = random.Random(0)
    for _ in range(50):
        seconds = {name: draw.choice([3, 5, 8, 14, 20]) for name in "abcdefghijkl"}
        work = 5 + (sum(seconds.values()) + len(seconds)) / 2
        assert total_seconds(*plan(seconds), 2) <= work + 5


def test_the_estimate_packs_stages_on_the_processes(tmp_path):
    videos = stage("videos")
    trains = [stage("train", name, videos=videos) for name in "abc"]
    durations = Durations(Layout("smoke", tmp_path), {"videos": 10.0, "train": 30.0})
    steps = [Step(s, RUN, "") for s in [videos, *trains]]
    assert total_seconds(steps, durations, 2) == 70.0
    assert total_seconds(steps, durations, 3) == 40.0
    assert total_seconds([Step(videos, DONE, ""), *steps[1:]], durations, 3) == 30.0


def test_stages_on_the_longest_chain_come_first():
    images, videos = stage("images"), stage("videos")
    pretrain = stage("pretrain", "a", images=images)
    train = stage("train", "a", pretrain=pretrain, videos=videos)
    cost = {images.key: 1.0, videos.key: 2.0, pretrain.key: 50.0, train.key: 3.0}
    found = chains([images, videos, pretrain, train], cost)
    assert (found[images.key], found[videos.key]) == (54.0, 5.0)


def test_the_time_left_follows_the_pace_of_what_has_finished(tmp_path):
    layout = Layout("smoke", tmp_path)
    durations = Durations(layout, {"train": 30.0})
    slow, next_one = stage("train", "slow"), stage("train", "next")
    write_json(slow.folder(layout) / "record.json", {"key": slow.key, "seconds": 75.0})
    runner = SimpleNamespace(
        layout=layout,
        schedule=SimpleNamespace(workers=1),
        waiting={next_one.key: next_one},
        running={},
        elsewhere={},
        done=[],
        failures=[],
    )
    status = LiveLine(2, durations, io.StringIO())
    assert "about 30 s left" in status.line(runner)
    runner.done.append(slow)
    status.events(runner)
    assert "about 75 s left" in status.line(runner)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def busy(layout, run="blendmask-r50+tpr", seed=1):
    """A runner with one training half done, and its folder's progress."""
    one = Stage("train", f"{run}-seed{seed}", layout.profile, {}, {}, run, seed)
    told = {"done": 50, "total": 100, "eta": 90.0, "elapsed": 90.0, "numbers": {"loss": "2.3"}}
    write_json(one.folder(layout) / "progress.json", told)
    return SimpleNamespace(
        layout=layout,
        schedule=SimpleNamespace(workers=1),
        waiting={},
        running={one.key: (one, None, 0.0)},
        elsewhere={},
        done=[],
        failures=[],
    )


def test_a_running_stage_has_a_line_with_bar_and_time_left_at_any_width(tmp_path):
    layout = Layout("smoke", tmp_path)
    status = LiveLine(3, Durations(layout, {"train": 30.0}), Terminal())
    status.values["blendmask-r50+tpr"] = [24.0, 25.0]
    stage_line, overall = status.lines(busy(layout), 200)
    assert stage_line == (
        "########--------  50 %    2 min left  train blendmask-r50+tpr seed 1 (loss 2.3)"
        " AP 24.5 (2 seeds)"
    )
    assert overall == "[0/3] about 2 min left"
    narrow = status.lines(busy(layout), 60)
    assert max(map(len, narrow)) == 60 and all("left" in line for line in narrow)


def test_lines_on_a_terminal_take_the_place_of_the_last_ones(tmp_path):
    layout, stream = Layout("smoke", tmp_path), Terminal()
    status = LiveLine(3, Durations(layout, {"train": 30.0}), stream)
    runner = busy(layout)
    status(runner)
    status.next = 0.0
    status(runner)
    assert stream.getvalue().count("\033[2F\033[J") == 1  # two lines up, and all below gone
    status.print("an event")
    assert stream.getvalue().rstrip().endswith("an event") and status.shown == 0


def test_elsewhere_there_is_one_line_a_minute(tmp_path, monkeypatch):
    layout, stream, now = Layout("smoke", tmp_path), io.StringIO(), [1000.0]
    monkeypatch.setattr(live_line.time, "monotonic", lambda: now[0])
    status = LiveLine(3, Durations(layout, {"train": 30.0}), stream)
    runner = busy(layout)
    for _ in range(180):
        status(runner)
        now[0] += 1
    assert stream.getvalue().count("about") == 3 and "\033" not in stream.getvalue()
