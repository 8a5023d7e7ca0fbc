"""Tells which of several processes holds up the others, and what it is doing.

All wait in calls that all take part in (tpr.distributed), for as long as it takes: one may have far
more videos than another. So a process counts the calls that it has joined, and everything else that
it begins; a thread tells the others. A process that waits looks for those that joined fewer calls,
and have begun nothing for PATIENCE seconds.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import torch.distributed as dist

PATIENCE = 480.0  # seconds; what is done without a word between two calls takes a minute at most
LOOK = 10.0  # seconds between looks at the others
HUNG = 1  # exit status of the process that finds one


class Moves(NamedTuple):
    """What a process has done: calls joined, things begun, those calls included, and the last."""

    joined: int
    begun: int
    doing: str
    host: str


_own = Moves(0, 0, "starting", socket.gethostname())


def doing(what: str) -> None:
    """This process begins something, as people read it: "reading the batch of iteration 3"."""
    global _own
    _own = _own._replace(begun=_own.begun + 1, doing=what)


def joining() -> None:
    """This process joins a call that all take part in, in the same order."""
    global _own
    _own = _own._replace(joined=_own.joined + 1, begun=_own.begun + 1)


@dataclass
class Others:
    """When each process was last seen to move, by this one's clock."""

    moves: dict[int, Moves] = field(default_factory=dict)
    since: dict[int, float] = field(default_factory=dict)

    def see(self, rank: int, moves: Moves, now: float) -> None:
        if self.moves.get(rank) != moves:
            self.moves[rank], self.since[rank] = moves, now

    def hung(self, joined: int, before: float) -> list[int]:
        """Those that the others wait for, having joined fewest calls, if none moved since."""
        fewest = min(moves.joined for moves in self.moves.values())
        behind = [rank for rank, moves in self.moves.items() if moves.joined == fewest < joined]
        return behind if all(self.since[rank] <= before for rank in behind) else []


class Watch:
    """A thread that looks after `count` processes, of which this one is `rank`.

    tell: gets a line about a process that hangs, before this one exits. The thread has a connection
    of its own to the store of torch.distributed, whose calls may wait for each other.
    """

    def __init__(self, rank: int, count: int, tell: Callable[[str], None]) -> None:
        self.rank, self.count, self.tell = rank, count, tell
        self.store: dist.TCPStore | None = None
        self.answered = time.monotonic()
        self.seen, self.others = Others(), Others()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.ended.set()
        self.thread.join(LOOK)

    def _run(self) -> None:
        while True:
            now = time.monotonic()
            self.seen.see(self.rank, _own, now)
            waited = now - self.seen.since[self.rank]
            if line := self._look(waited, now):
                self._give_up(line)
            if self.ended.wait(LOOK):
                break
        with suppress(RuntimeError):  # that it joined the last calls: another may go on alone
            self._exchange(now, waits=False)

    def _give_up(self, line: str) -> None:
        """Ends this process, whose main thread waits in a call that nothing else ends."""
        try:
            print(line, file=sys.stderr, flush=True)
            self.tell(line)
        finally:
            os._exit(HUNG)

    def _look(self, waited: float, now: float) -> str:
        """What is told about a process that hangs, or ""."""
        try:
            self._exchange(now, waits=waited > 0)
            self.answered = now
        except RuntimeError:  # the first process has the store
            self.store = None
        if waited < PATIENCE:
            return ""
        if self.answered < now - 0.7 * PATIENCE:
            return f"process 0 of {self.count} does not answer; the others wait for it"
        first = self.others.hung(_own.joined, now - 0.7 * PATIENCE)  # seen from soon after
        return "; ".join(self._described(rank) for rank in first)

    def _exchange(self, now: float, waits: bool) -> None:
        """Tells this process's moves and, where it waits, reads those of the others."""
        if self.store is None:
            self.store = connected()
        self.store.set(f"moves/{self.rank}", json.dumps(_own))
        self.others = self.others if waits else Others()
        for rank in range(self.count) if waits else ():
            self.others.see(rank, told_by(rank, self.store), now)

    def _described(self, rank: int) -> str:
        moves = self.others.moves[rank]
        return (
            f"process {rank} of {self.count} (on {moves.host}) holds up the others and has begun "
            f"nothing for {minutes(PATIENCE)}; the last was: {moves.doing}"
        )


def told_by(rank: int, store: dist.TCPStore) -> Moves:
    key = f"moves/{rank}"
    if not store.check([key]):
        return Moves(0, 0, "starting", "a machine that has not told its name")
    return Moves(*json.loads(store.get(key)))


def connected() -> dist.TCPStore:
    """A connection to the store that the first process holds. Raises RuntimeError without."""
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    patience = timedelta(seconds=max(LOOK, 1))
    return dist.TCPStore(address, port, is_master=False, timeout=patience, wait_for_workers=False)


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"
