"""A definition as text that is the same for all spellings of the same computation.

Comments, formatting, docstrings and type hints are left out, and so is where imported definitions
of the repository are defined; names from other packages are written with their dotted path. The
text is the same in all versions of Python that can read the definition.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from experiments.sources.modules import is_docstring

# from the dotted parts of a name as written to how the text spells it, None to leave it
Spell = Callable[[list[str]], str | None]
SKIPPED = {"ctx", "annotation", "returns", "type_comment", "kind", "type_params", "simple"}
HAVE_DOCSTRING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def plain_text(node: object, spell: Spell) -> str:
    """spell: called with each name that is read, split at its dots (["np", "float32"]); see
    `spelling`."""
    if isinstance(node, list):
        return "[" + ",".join(plain_text(one, spell) for one in node) + "]"
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__}:{node!r}"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return ""
    if isinstance(node, ast.Name | ast.Attribute) and (spelt := spelling(node, spell)):
        return spelt
    parts = [type(node).__name__]
    for name, value in ast.iter_fields(node):
        if name in SKIPPED or value is None or value == []:
            continue
        if name == "body" and isinstance(node, HAVE_DOCSTRING) and is_docstring(value[0]):
            value = value[1:]
        parts.append(f"{name}={plain_text(value, spell)}")
    return f"({' '.join(parts)})"


def spelling(node: ast.Name | ast.Attribute, spell: Spell) -> str | None:
    """The text for a dotted name that is read, as `spell` gives it; None for other expressions."""
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        parts.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or isinstance(inner.ctx, ast.Store):
        return None
    return spell([inner.id, *parts])
