"""Tells which of several processes holds up the others, and what it is doing.

All wait in calls that all take part in (tpr.parallel.distributed), for as long as it takes: one may
have far more videos than another. So a process counts the calls that it has joined, and everything
else that it begins; a thread tells the others. A process that waits looks for those that joined
fewer calls, and have begun nothing for PATIENCE seconds.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import torch.distributed as dist

PATIENCE = 480.0  # seconds; what is done without a word between two calls takes a minute at most
LOOK = 10.0  # seconds between looks at the others
HUNG = 1  # exit status of the process that finds one


class Moves(NamedTuple):
    """What a process has done: the collective calls it joined, everything it began (these calls
    included), and the last of it."""

    joined: int
    begun: int
    doing: str
    host: str


_own = Moves(0, 0, "starting", socket.gethostname())


def doing(what: str) -> None:
    """This process begins something; what: words for people, as "reading the batch of iteration
    3"."""
    global _own
    _own = _own._replace(begun=_own.begun + 1, doing=what)


def joining() -> None:
    """This process joins a collective call; all processes join them in the same order."""
    global _own
    _own = _own._replace(joined=_own.joined + 1, begun=_own.begun + 1)


@dataclass
class Others:
    """When each process was last seen to begin something, by this process's clock."""

    moves: dict[int, Moves] = field(default_factory=dict)
    since: dict[int, float] = field(default_factory=dict)

    def see(self, rank: int, moves: Moves, now: float) -> None:
        if self.moves.get(rank) != moves:
            self.moves[rank], self.since[rank] = moves, now

    def hung(self, joined: int, before: float) -> list[int]:
        """The processes that joined fewest calls, which the others wait for, if none of them began
        anything since."""
        seen = dict(self.moves)  # the other thread may add to it
        fewest = min((moves.joined for moves in seen.values()), default=joined)
        behind = [rank for rank, moves in seen.items() if moves.joined == fewest < joined]
        return behind if all(self.since[rank] <= before for rank in behind) else []


class Watch:
    """Two threads that watch `count` processes, of which this one is `rank`.

    One thread exchanges the moves through the store of torch.distributed, over a connection of its
    own; it may wait for ever if the first process, which holds the store, does not answer. The
    other one therefore judges. tell: gets a line about a process that hangs, before this one exits.
    """

    def __init__(self, rank: int, count: int, tell: Callable[[str], None]) -> None:
        self.rank, self.count, self.tell = rank, count, tell
        self.own, self.others = Others(), Others()
        self.answered = time.monotonic()
        self.ended = threading.Event()
        self.exchange = threading.Thread(target=self._exchange, daemon=True)
        self.exchange.start()
        threading.Thread(target=self._judge, daemon=True).start()

    def end(self) -> None:
        self.ended.set()
        self.exchange.join(LOOK)

    def _exchange(self) -> None:
        store = None
        while True:
            last = self.ended.is_set()  # then another process may go on alone, and must know
            try:
                store = store or connected()
                store.set(f"moves/{self.rank}", json.dumps(_own))
                self._see_others(store)
                self.answered = time.monotonic()
            except RuntimeError:
                store = None
            if last:
                return
            self.ended.wait(LOOK)

    def _see_others(self, store: dist.TCPStore) -> None:
        """Reads their moves where this process waits: since it began to, or not at all."""
        if self._waited() == 0:
            self.others = Others()
            return
        for rank in range(self.count):
            moves = Moves(*json.loads(store.get(f"moves/{rank}")))
            self.others.see(rank, moves, time.monotonic())

    def _waited(self) -> float:
        """Seconds since this process was first seen where it is."""
        now = time.monotonic()
        self.own.see(self.rank, _own, now)
        return now - self.own.since[self.rank]

    def _judge(self) -> None:
        while not self.ended.wait(LOOK):
            if self._waited() > PATIENCE and (line := self._verdict()):
                try:
                    print(line, file=sys.stderr, flush=True)
                    self.tell(line)
                finally:
                    os._exit(HUNG)  # the main thread waits in a call that nothing else ends

    def _verdict(self) -> str:
        """A line about processes that hang, or ""."""
        before = time.monotonic() - 0.7 * PATIENCE  # the others are seen from soon after on
        if self.answered < before:
            return f"process 0 of {self.count} does not answer, and the others wait for it"
        return "; ".join(self._described(rank) for rank in self.others.hung(_own.joined, before))

    def _described(self, rank: int) -> str:
        moves = self.others.moves[rank]
        return (
            f"process {rank} of {self.count} (on {moves.host}) holds up the others and has begun "
            f"nothing for {minutes(PATIENCE)}; the last was: {moves.doing}"
        )


def connected() -> dist.TCPStore:
    """A connection to the store that the first process holds. Raises RuntimeError without."""
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    patience = timedelta(seconds=max(LOOK, 1))
    return dist.TCPStore(address, port, is_master=False, timeout=patience, wait_for_workers=False)


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"
