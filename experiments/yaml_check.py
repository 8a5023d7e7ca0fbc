"""YAML read against a schema: every mistake becomes one line with file, line and nearest name.

A schema is written as data: `str`, `int`, `float`, `bool`, `None` are scalars, `[x]` a list of x,
`{"a": x, "b?": y}` a mapping with the key a and perhaps b, `{str: x}` one with free names, and a
tuple lists alternatives.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tpr.terminal import printable

Schema = Any


class ManifestError(ValueError):
    """A mistake in a manifest, as one line for people."""


class Text(str):
    """A string of a manifest that knows where it stands ("file:line")."""

    where: str


def text(value: str, where: str) -> Text:
    out = Text(value)
    out.where = where
    return out


def nearest(name: str, known: Iterable[str]) -> str:
    """What to offer in place of an unknown name: the most similar one, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(str(name), known, 1, 0.4)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known) or 'none'}"


def check_name(name: str, known: Iterable[str], kind: str) -> None:
    """Raises ManifestError, with the nearest known name, for one that is not known."""
    known = [str(x) for x in known]
    if name not in known:
        where = f"{name.where}: " if isinstance(name, Text) else ""
        raise ManifestError(f"{where}unknown {kind} {str(name)!r}; {nearest(name, known)}")


FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def check_file_name(name: str, kind: str) -> None:
    """Raises ManifestError for a name that could not be that of a file or leads to another one."""
    if not FILE_NAME.fullmatch(name):
        where = f"{name.where}: " if isinstance(name, Text) else ""
        raise ManifestError(
            f"{where}{kind} {printable(name, 60)!r} cannot name a file: use letters, digits, '.', "
            "'_', '+' and '-', a letter or digit first, 100 of them at most"
        )


def load_yaml(path: Path, schema: Schema) -> Any:
    """The file's content, checked. Raises ManifestError; never builds anything but plain data."""
    return Checker(path).check(compose(path), schema, "the file")


def load_plain(path: Path) -> Any:
    """Plain data, as they stand there. Raises ManifestError."""
    node = compose(path)
    try:
        return yaml.SafeLoader("").construct_document(node)
    except RecursionError:
        raise Checker(path).fail(node, "nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Checker(path).fail(node, str(getattr(error, "problem", error))) from None


def compose(path: Path) -> yaml.Node:
    """The file's YAML. Raises ManifestError if it is none, or empty."""
    if path.exists() and not path.is_file():
        raise ManifestError(f"{path} is not a file")
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except FileNotFoundError:
        raise ManifestError(f"{path} does not exist") from None
    except RecursionError:
        raise ManifestError(f"{path} is nested too deeply") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ManifestError(f"{path}{line}: {getattr(error, 'problem', error)}") from None
    if node is None:
        raise ManifestError(f"{path} is empty")
    return node


class Checker:
    """Turns YAML nodes into values; `what` names a value in messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def where(self, node: yaml.Node) -> str:
        return f"{self.path}:{node.start_mark.line + 1}"

    def fail(self, node: yaml.Node, message: str) -> ManifestError:
        return ManifestError(f"{self.where(node)}: {message}")

    def check(self, node: yaml.Node, schema: Schema, what: str) -> Any:
        if isinstance(schema, tuple):
            return self.check(node, self.choose(node, schema, what), what)
        if isinstance(schema, dict):
            return self.mapping(node, schema, what)
        if isinstance(schema, list):
            return self.sequence(node, schema[0], what)
        return self.scalar(node, schema, what)

    def choose(self, node: yaml.Node, options: tuple, what: str) -> Schema:
        """The first alternative of the node's kind; of mappings the one with most of its keys."""
        fitting = [option for option in options if fits(node, option)]
        if fitting:
            return max(fitting, key=lambda option: shared_keys(node, option))
        names = " or ".join(schema_name(option) for option in options)
        raise self.fail(node, f"{what} must be {names}, not {node_name(node)}")

    def sequence(self, node: yaml.Node, schema: Schema, what: str) -> list:
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, f"{what} must be a list, not {node_name(node)}")
        return [self.check(x, schema, f"{what}[{i}]") for i, x in enumerate(node.value)]

    def mapping(self, node: yaml.Node, schema: dict, what: str) -> dict:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, f"{what} must be a mapping, not {node_name(node)}")
        free, known = schema.get(str), {k.rstrip("?"): v for k, v in schema.items() if k is not str}
        out: dict[str, Any] = {}
        for key_node, value in node.value:
            key = self.key(key_node, what)
            if key in out:
                raise self.fail(key_node, f"{key!r} stands twice in {what}")
            if key not in known and free is None:
                hint = nearest(key, known)
                raise self.fail(key_node, f"unknown key {key!r} in {what}; {hint}")
            out[key] = self.check(value, known.get(key, free), key)
        missing = [k for k in schema if k is not str and not k.endswith("?") and k not in out]
        if missing:
            raise self.fail(node, f"{what} lacks the key {missing[0]!r}")
        return out

    def key(self, node: yaml.Node, what: str) -> Text:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, f"{what} has a key that is not a name")
        return text(node.value, self.where(node))

    def scalar(self, node: yaml.Node, schema: Schema, what: str) -> Any:
        value = scalar_value(node)
        if schema is float and isinstance(value, str):
            value = number_of(value)
        if not is_a(value, schema):
            raise self.fail(node, f"{what} must be {schema_name(schema)}, not {node_name(node)}")
        if schema is int and isinstance(value, int) and value < 0:
            raise self.fail(node, f"{what} must not be negative, not {value}")
        if schema is str:
            return text(str(value), self.where(node))
        return float(value) if schema is float else value


def scalar_value(node: yaml.Node) -> Any:
    """A scalar's value by YAML's rules; a list or mapping counts as no value of any type."""
    if not isinstance(node, yaml.ScalarNode):
        return ...
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):  # a tag such as !!python/object, an impossible date
        return ...


def number_of(value: str) -> float | str:
    """YAML reads 1e-4 (without a dot) as a string; people mean a number."""
    try:
        return float(value)
    except ValueError:
        return value


def is_a(value: Any, schema: Schema) -> bool:
    if schema is None:
        return value is None
    if schema in (int, float) and isinstance(value, bool):
        return False
    if schema is float:
        return isinstance(value, int | float) and value == value and abs(value) != float("inf")
    return isinstance(value, schema)


def fits(node: yaml.Node, schema: Schema) -> bool:
    if isinstance(schema, dict):
        return isinstance(node, yaml.MappingNode)
    if isinstance(schema, list):
        return isinstance(node, yaml.SequenceNode)
    value = scalar_value(node)
    return is_a(number_of(value) if schema is float and isinstance(value, str) else value, schema)


def shared_keys(node: yaml.Node, schema: Schema) -> int:
    if not isinstance(schema, dict):
        return 0
    known = {key.rstrip("?") for key in schema if key is not str}
    return sum(isinstance(k, yaml.ScalarNode) and k.value in known for k, _ in node.value)


NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", None: "null"}


def schema_name(schema: Schema) -> str:
    if isinstance(schema, dict):
        return "a mapping"
    return "a list" if isinstance(schema, list) else NAMES[schema]


def node_name(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "empty"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
