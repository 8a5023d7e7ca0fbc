"""A Python file split into its definitions, its imports, and statements that take effect on
import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Names = dict[str, str]  # local name -> dotted name of what it was imported from


@dataclass
class Module:
    """A module of the repository.

    definitions: by name the statements that give the name its value; imports: those at the top of
    the file; effects: statements that act when the module is loaded, such as registrations.
    """

    name: str
    path: Path
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: Names = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)


def read_module(name: str, path: Path) -> Module:
    """Raises ValueError, naming the line, for a file that is no valid Python."""
    is_package = path.name == "__init__.py"
    module = Module(name, path, name if is_package else name.rpartition(".")[0])
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise ValueError(f"{path}:{error.lineno}: not Python: {error.msg}") from None
    for statement in tree.body:
        take(statement, module)
    return module


def take(statement: ast.stmt, module: Module) -> None:
    """Adds a statement at the top of a file to the module's definitions, imports or effects."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module.imports |= imported([statement], module.package)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        module.definitions.setdefault(statement.name, []).append(statement)
    elif names := assigned(statement):
        for name in names:
            module.definitions.setdefault(name, []).append(statement)
    elif isinstance(statement, ast.If) and is_for_types_or_as_program(statement.test):
        for other in statement.orelse:
            take(other, module)
    elif not is_docstring(statement):
        module.effects.append(statement)
        module.imports |= imported(ast.walk(statement), module.package)
        for name in bound(statement):
            module.definitions.setdefault(name, []).append(statement)


def assigned(statement: ast.stmt) -> list[str]:
    """The names that a plain assignment gives a value; none for other statements."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return []
    flat = [one for target in targets for one in getattr(target, "elts", [target])]
    return [one.id for one in flat if isinstance(one, ast.Name)] if all_names(flat) else []


def all_names(targets: list[ast.expr]) -> bool:
    return all(isinstance(one, ast.Name) for one in targets)


def bound(statement: ast.stmt) -> Iterator[str]:
    """Names that get a value somewhere inside a compound statement."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def imported(nodes: Iterable[ast.AST], package: str) -> Names:
    """The names that import statements among `nodes` bind; package: the one that relative imports
    start from."""
    found: Names = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            base = source(node, package)
            for alias in node.names:
                found[alias.asname or alias.name] = f"{base}.{alias.name}"
    return found


def source(node: ast.ImportFrom, package: str) -> str:
    """The dotted name of the module or package that a from-import imports from."""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])


def is_for_types_or_as_program(test: ast.expr) -> bool:
    """`TYPE_CHECKING` or `__name__ == "__main__"`."""
    first = test.left if isinstance(test, ast.Compare) else test
    name = first.attr if isinstance(first, ast.Attribute) else getattr(first, "id", "")
    return name in ("TYPE_CHECKING", "__name__")


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
