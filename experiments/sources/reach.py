"""All definitions that a function reaches by name, through every file of the repository.

A local name that shadows a definition counts as that definition: a digest may then change without
need, but never stays the same by mistake.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from experiments.sources.modules import Module, imported, read_module
from experiments.sources.plain_text import plain_text
from experiments.sources.remembered import remembered

Place = tuple[str, str]  # module and a definition's name, "" for what runs on import
# Names of dictionaries of which only the entries with these keys count, whatever else is in them
Chosen = Mapping[str, Collection[str]]


class Read:
    """A definition as text, the text's sha256, and what it reaches."""

    def __init__(self, text: str, reached: frozenset[Place]) -> None:
        self.text, self.reached = text, reached
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()


class Sources:
    """The Python files below some folders, read when they are asked for. A module that several
    folders have is that of the first.

    memory: a folder that digests are remembered in, None for none.
    """

    def __init__(self, *folders: Path, memory: Path | None = None) -> None:
        self.folders, self.memory = folders, memory
        self.seen: set[Path] = set()  # the files that were found
        self.file = cache(self._file)
        self.module = cache(self._module)
        self.read = cache(self._read)

    def _module(self, name: str) -> Module | None:
        """The module with a dotted name; None for one of another package."""
        path = self.file(name)
        return read_module(name, path) if path and path.suffix == ".py" else None

    def _file(self, name: str) -> Path | None:
        """The source file of a module, Python or C; None for a module of another package."""
        for folder in self.folders:
            place = os.path.join(folder, *name.split("."))
            for path in (os.path.join(place, "__init__.py"), f"{place}.py", f"{place}.c"):
                if os.path.isfile(path):
                    self.seen.add(Path(path))
                    return Path(path)
        return None

    def place(self, name: str) -> Place | None:
        """Where a dotted name is defined, following imports.

        ("module", "") for a module, and for a name that its file does not define; None for other
        packages.
        """
        passed: set[str] = set()
        while not self.file(name):
            head, _, last = name.rpartition(".")
            module = self.module(head) if head else None
            if module is None:
                return None
            if last in module.definitions:
                return head, last
            if last not in module.imports or name in passed:
                return head, ""
            passed.add(name)
            name = module.imports[last]
        return name, ""

    def _read(self, place: Place, keys: tuple[str, ...] | None, without: frozenset[str]) -> Read:
        """A definition as text and what it reaches directly; keys: the entries of its dictionary
        that count; without: names whose calls count for nothing where loading the module makes
        them."""
        module = self.module(place[0])
        if module is None:  # C
            path = self.file(place[0])
            return Read(path.read_text(encoding="utf-8") if path else "", frozenset())
        effects = [one for one in module.effects if called(one) not in without]
        statements = module.definitions.get(place[1], []) if place[1] else effects
        statements = [only(one, keys) for one in statements] if keys is not None else statements
        inside = imported(chain.from_iterable(map(ast.walk, statements)), module.package)
        names = module.imports | inside
        reached = {(one, "") for one in self.loaded([module.name, *names.values()])}

        def spell(parts: list[str]) -> str | None:
            if parts[0] in names:
                return self.spelt([*names[parts[0]].split("."), *parts[1:]], reached)
            if parts[0] in module.definitions:
                reached.add((module.name, parts[0]))
                return "@" + ".".join(parts)
            return None

        return Read(plain_text(statements, spell), frozenset(reached))

    def spelt(self, parts: list[str], reached: set[Place]) -> str:
        """The text for an imported name and its attributes, for our own without their module; adds
        what it names to `reached`."""
        for length in range(len(parts), 0, -1):
            found = self.place(".".join(parts[:length]))
            if found is None:
                continue
            module, name = found
            reached.add(found)
            if not name:  # a whole module as a value, or something that its file does not name
                known = self.module(module)
                reached |= {(module, one) for one in (known.definitions if known else ())}
            return "@" + ".".join([name or module.rpartition(".")[2], *parts[length:]])
        return "@" + ".".join(parts)

    def loaded(self, names: Iterable[str]) -> set[str]:
        """Our modules that importing these dotted names loads, with the packages that they are
        in."""
        found: set[str] = set()
        for name in names:
            parts = name.split(".")
            found |= {".".join(parts[: i + 1]) for i in range(len(parts))}
        return {name for name in found if self.file(name)}

    def reach(
        self,
        entries: Iterable[Place],
        chosen: Chosen | None = None,
        without: Collection[str] = (),
    ) -> dict[Place, Read]:
        """All definitions that the entries reach, themselves included.

        without: names of definitions that are left out, along with what only they reach and with
        calls of them that loading a module makes. Raises ValueError for an entry that does not
        exist.
        """
        todo, found = list(entries), dict[Place, Read]()
        for module, name in todo:
            known = self.module(module)
            if known is None or name not in known.definitions:
                raise ValueError(f"there is no {name} in {module}")
        while todo:
            place = todo.pop()
            if place in found or place[1] in without:
                continue
            keys = (chosen or {}).get(place[1])
            chosen_keys = None if keys is None else tuple(sorted(keys))
            found[place] = self.read(place, chosen_keys, frozenset(without))
            todo += found[place].reached
        return found

    def digest(
        self,
        entries: Iterable[Place],
        chosen: Chosen | None = None,
        without: Collection[str] = (),
    ) -> str:
        """sha256 over all definitions that `reach` finds, whatever files they are in."""

        def computed() -> str:
            sums = sorted(one.sha256 for one in self.reach(entries, chosen, without).values())
            return hashlib.sha256("\n".join(dict.fromkeys(sums)).encode()).hexdigest()

        if self.memory is None:
            return computed()
        entries = list(entries)
        keys = {name: sorted(some) for name, some in (chosen or {}).items()}
        question = [list(map(str, self.folders)), entries, keys, sorted(without)]
        return remembered(self.memory, question, lambda: self.seen, computed)


def called(statement: ast.stmt) -> str | None:
    """The name of the function that a statement calls and does nothing else; None for others."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    return function.id if isinstance(function, ast.Name) else None


def only(statement: ast.stmt, keys: tuple[str, ...]) -> ast.stmt:
    """An assignment of a dictionary, reduced to the entries with these keys."""
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Dict):
        return statement
    pairs = [
        (key, one)
        for key, one in zip(value.keys, value.values, strict=True)
        if not isinstance(key, ast.Constant) or key.value in keys
    ]
    fewer = ast.Dict([key for key, _ in pairs], [one for _, one in pairs])
    return ast.Assign([ast.Name("", ast.Store())], fewer)


@cache
def sources_below(root: Path) -> Sources:
    """The sources of the repository and of other folders that are no installed packages; each file
    is read once in a process."""
    return Sources(*own_folders(root), memory=root / ".code_digests")


def own_folders(root: Path) -> list[Path]:
    """The repository, and the folders of Python's path that no package was installed to."""
    found = [root]
    for text in sys.path:
        folder = Path(text or ".").resolve()
        installed = {"site-packages", "dist-packages"} & set(folder.parts)
        python = any(folder.is_relative_to(one) for one in (sys.prefix, sys.base_prefix))
        if folder.is_dir() and not installed and not (python and folder != root):
            found.append(folder)
    return list(dict.fromkeys(found))
