"""Which files of a package import which, also in functions and for types only."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from experiments.stages.layout import ROOT

Graph = dict[str, set[str]]


def files_of(package: str) -> Graph:
    """Of each module the modules of the same package that it imports."""
    paths = sorted((ROOT / package).rglob("*.py"))
    names = {module(path) for path in paths}
    return {module(path): imports(path, names) for path in paths}


def rooms_of(files: Graph) -> Graph:
    """Of each folder below the package, and of each module at its top, those it imports from."""
    rooms: Graph = {}
    for name, found in files.items():
        rooms.setdefault(room(name), set()).update({room(one) for one in found} - {room(name)})
    return rooms


def check_no_circles(*graphs: Graph) -> None:
    """Raises CycleError, which names the circle."""
    for graph in graphs:
        TopologicalSorter(graph).prepare()


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def imports(path: Path, names: set[str]) -> set[str]:
    """Those of `names` that a file imports, relative imports resolved."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            parts = ".".join(path.relative_to(ROOT).parts[:-1]).split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{source}.{alias.name}" for alias in node.names} & names or {source}
    return found & names - {module(path)}
