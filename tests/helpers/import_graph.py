"""Which files of a package import which, also in functions and for types only."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from experiments.stages.layout import ROOT

Graph = dict[str, set[str]]


def files_of(package: str) -> Graph:
    """Of each module the modules of the same package that it imports."""
    paths = sorted((ROOT / package).rglob("*.py"))
    compiled = (ROOT / package).rglob("_*.c")
    names = {module(path) for path in (*paths, *compiled)}
    return {module(path): imports(path, names) for path in paths}


def rooms_of(files: Graph) -> Graph:
    """Of each folder below the package, and of each module at its top, those it imports from."""
    rooms: Graph = {}
    for name, found in files.items():
        rooms.setdefault(room(name), set()).update({room(one) for one in found} - {room(name)})
    return rooms


def packages_of(package: str) -> set[str]:
    """The other packages that a package imports from."""
    paths = (ROOT / package).rglob("*.py")
    found = {name.partition(".")[0] for path in paths for name in named(path)}
    return found - {package}


def check_no_circles(*graphs: Graph) -> None:
    """Raises CycleError, which names the circle."""
    for graph in graphs:
        TopologicalSorter(graph).prepare()


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def imports(path: Path, names: set[str]) -> set[str]:
    """Those of `names` that a file imports; of a module and one below it, the latter."""
    found: set[str] = set()
    for name in named(path):
        parent = name.rpartition(".")[0]
        found.add(name if name in names else parent)
    return found & names - {module(path)}


def named(path: Path) -> Iterator[str]:
    """What a file imports, in full: "tpr.files", "tpr.files.replacing". None of it is relative."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
