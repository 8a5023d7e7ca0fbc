"""The report page, built again when what it shows has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path

from experiments.engine.launch.local import environment
from experiments.engine.lock import file_lock
from experiments.engine.orphans import ask_kernel
from experiments.ship.shipped_records import DOSES, SCALE
from experiments.sources.reach import sources_below
from experiments.stages.json_files import make_way, read_json, write_json
from experiments.stages.layout import ROOT, Layout
from tpr.files import sha256
from tpr.terminal import printable

LONGEST_REASON = 300  # characters
# of the time, for builds while stages run: where the kernel shares cores among sessions (Linux with
# autogroups), being nice gives way to none of the stages, which are sessions of their own
SHARE = 0.1
BUILD = ("-m", "reports.build")
BUILDER = ("reports.build", "build")  # the function from which all of its code is reached


def in_background() -> None:
    """For the page's process: gives way to stages, and ends with the runner."""
    os.nice(10)
    ask_kernel()


class Page:
    """Rebuilds the page when records, manifests or the report's sources have changed.

    command: arguments for Python that build it; None never builds. clock: seconds.
    """

    def __init__(
        self,
        layout: Layout,
        command: Sequence[str] | None = BUILD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.layout, self.command, self.clock = layout, command, clock
        self.begun = self.rested = clock()  # the last build, and when the next may begin
        self.stamp = layout.runs / "page.key"
        self.log = layout.runs / "page.log"
        self.process: subprocess.Popen | None = None
        self.building = ""

    def is_current(self) -> bool:
        if self.command is None:
            return True
        current = {"sources": self.key(), "made": self.made()}
        return self.layout.page.is_file() and read_json(self.stamp) == current

    def made(self) -> dict[str, str]:
        """sha256 of page, tables, pictures, statistics of the videos and predictions by name, so
        that missing, replaced or damaged ones are built again."""
        folders = (self.layout.report, self.layout.tables, self.layout.figures)
        paths = [path for folder in folders for path in sorted(folder.glob("*.*"))]
        paths += [self.layout.footage, self.layout.scale_prediction]
        return {self.layout.shown(path): sha256(path) for path in paths if path.is_file()}

    def key(self) -> str:
        """sha256 over the code that builds the page, and over names and contents of all its
        sources."""
        digest = hashlib.sha256(self.code.encode())
        for path in sorted({path for path in self.sources() if path.is_file()}):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(self.layout.root)} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()

    @cached_property
    def code(self) -> str:
        """Digest of all code that the build reaches, wherever in the repository it is defined."""
        return sources_below(ROOT).digest([BUILDER])

    def sources(self) -> Iterable[Path]:
        """Files of the page's content, and templates and other sources that are no Python."""
        layout, reports = self.layout, self.layout.root / "reports"
        own = (layout.own, layout.own / DOSES, layout.own / SCALE)
        kept = (layout.records, *own, layout.failed, layout.doses, layout.scale)
        for folder in (*kept, layout.trackers):
            yield from folder.glob("*.json")
        yield self.layout.shipped
        yield from self.layout.manifests.rglob("*.yaml")
        yield from (reports / "templates").rglob("*")
        yield from (reports / "history").glob("*.md")
        yield from (reports / "published").glob("*.yaml")
        yield from (self.layout.costs, self.layout.speed)

    def refresh(self) -> None:
        """Starts building in the background unless a build is running, builds have had their share
        of the time, or nothing has changed."""
        if not self.is_building() and self.clock() >= self.rested and not self.is_current():
            self.start()

    def is_building(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            self.collect()
        return self.process is not None

    def start(self) -> None:
        assert self.command is not None
        self.building, self.begun = self.key(), self.clock()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        make_way(self.log)
        command = [sys.executable, *self.command, "--profile", self.layout.profile]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.layout.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(1),
                preexec_fn=in_background,
            )

    def collect(self) -> bool:
        """Waits for the build; True if it succeeded."""
        assert self.process is not None
        good = self.process.wait() == 0
        if good:
            make_way(self.stamp)
            write_json(self.stamp, {"sources": self.building, "made": self.made()})
        self.process = None
        self.rested = self.clock() + (self.clock() - self.begun) * (1 / SHARE - 1)
        return good

    def finish(self) -> str | None:
        """Makes the page current; returns what went wrong, None if nothing did."""
        if self.process is not None:
            self.collect()
        with file_lock(self.layout.runs / ".locks" / "page", wait=True):
            if self.is_current():
                return None
            self.start()
            if self.collect():
                return None
        lines = self.log.read_text(errors="replace", encoding="utf-8").strip().splitlines()
        reason = lines[-1] if lines else "no message (is the disk full?)"
        reason = printable(reason, LONGEST_REASON)
        return f"the page could not be built: {reason} (log: {self.layout.shown(self.log)})"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None
