"""YAML read into typed values: every mistake is one line with file, line and nearest name.

Types say what may stand in a file. Dataclasses and TypedDicts are mappings with known keys, dicts
those with any; the key "*" stands for all that are not named. A field's metadata may hold the "key"
it has in the file, and the "kind" that the file may hold where programs may set more. A TypedDict
keeps what was written and nothing else, so that no default gets into a stage's key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import yaml

from experiments.declared.manifest_errors import ManifestError, Source, Step, nearest
from experiments.declared.plain_yaml import compose, name_of, place_of, scalar_of

T = TypeVar("T")
Kind = Any  # a type, as annotations hold it
Label = Annotated[str, "of any scalar"]  # what stands there as text, be it a number or true
OTHERS = "*"
NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
    Label: "text or a number",
    date: "a date such as 2026-11-29",
}


def load_typed(path: Path, kind: type[T]) -> tuple[T, Source]:
    """The file's content as a value of the type `kind`, and the lines of its values. Raises
    ManifestError."""
    return typed(compose(path), kind)


def typed(node: yaml.Node, kind: type[T]) -> tuple[T, Source]:
    """As `load_typed`, of a file that has been read as a node. Raises ManifestError."""
    reader = Reader()
    return reader.read(node, kind, "the file", ()), Source(reader.places)


@dataclass(frozen=True)
class Keys:
    """What a kind of mapping may hold: kinds of the known keys in order, which of them are
    required, the kind of other keys (None: none are allowed), and the function that makes its
    value."""

    known: dict[str, Kind]
    required: list[str]
    others: Kind | None
    build: Callable[[dict[str, Any]], Any]


class Reader:
    """Turns YAML nodes into values and notes their places; `what` names a value in messages."""

    def __init__(self) -> None:
        self.places: dict[tuple[Step, ...], str] = {}

    def fail(self, node: yaml.Node, message: str) -> ManifestError:
        return ManifestError(f"{place_of(node)}: {message}")

    def read(self, node: yaml.Node, kind: Kind, what: str, steps: tuple[Step, ...]) -> Any:
        self.places[steps] = place_of(node)
        if get_origin(kind) in (Union, UnionType):
            kind = self.choose(node, get_args(kind), what)
        if is_mapping(kind):
            return self.mapping(node, keys_of(kind), what, steps)
        if get_origin(kind) in (list, tuple):
            return get_origin(kind)(self.items(node, get_args(kind)[0], what, steps))
        return self.scalar(node, kind, what)

    def choose(self, node: yaml.Node, kinds: tuple[Kind, ...], what: str) -> Kind:
        """The first alternative that fits the node; among mappings the one that knows most of its
        keys."""
        fitting = [kind for kind in kinds if fits(node, kind)]
        if fitting:
            return max(fitting, key=lambda kind: shared_keys(node, kind))
        names = " or ".join(kind_name(kind) for kind in kinds)
        raise self.fail(node, f"{what} must be {names}, not {name_of(node)}")

    def items(self, node: yaml.Node, kind: Kind, what: str, steps: tuple[Step, ...]) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, f"{what} must be a list, not {name_of(node)}")
        return [
            self.read(item, kind, f"{what}[{i}]", (*steps, i)) for i, item in enumerate(node.value)
        ]

    def mapping(self, node: yaml.Node, keys: Keys, what: str, steps: tuple[Step, ...]) -> Any:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, f"{what} must be a mapping, not {name_of(node)}")
        out: dict[str, Any] = {}
        for key_node, value in node.value:
            key = self.key(key_node, what)
            if key in out:
                raise self.fail(key_node, f"{key!r} stands twice in {what}")
            kind = keys.known.get(key, keys.others)
            if kind is None:
                hint = nearest(key, keys.known)
                raise self.fail(key_node, f"unknown key {key!r} in {what}; {hint}")
            out[key] = self.read(value, kind, key, (*steps, key))
            self.places[*steps, key, ""] = place_of(key_node)
        for key in keys.required:
            if key not in out:
                raise self.fail(node, f"{what} lacks the key {key!r}")
        return keys.build(out)

    def key(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, f"{what} has a key that is not a name")
        return node.value

    def scalar(self, node: yaml.Node, kind: Kind, what: str) -> Any:
        value = scalar_value(node, kind)
        if not is_a(value, kind):
            raise self.fail(node, f"{what} must be {kind_name(kind)}, not {name_of(node)}")
        if kind is int and value < 0:
            raise self.fail(node, f"{what} must not be negative, not {value}")
        if kind is Label:
            return str(value)
        return float(value) if kind is float else value


def is_mapping(kind: Kind) -> bool:
    return get_origin(kind) is dict or is_typeddict(kind) or dataclasses.is_dataclass(kind)


def keys_of(kind: Kind) -> Keys:
    """What a dict, a TypedDict or a dataclass may hold."""
    if get_origin(kind) is dict:
        return Keys({}, [], get_args(kind)[1], lambda found: found)
    hints = get_type_hints(kind, include_extras=True)
    if is_typeddict(kind):
        known = {k: get_args(v)[0] if get_origin(v) is NotRequired else v for k, v in hints.items()}
        required = [k for k in known if k in kind.__required_keys__ and k != OTHERS]
        return Keys(known, required, known.pop(OTHERS, None), lambda found: found)
    fields = {field.metadata.get("key", field.name): field for field in dataclasses.fields(kind)}
    known = {key: f.metadata.get("kind", hints[f.name]) for key, f in fields.items()}
    needed = [key for key, field in fields.items() if is_needed(field) and key != OTHERS]

    def build(found: dict[str, Any]) -> Any:
        values = {fields[key].name: found.pop(key) for key in known if key in found}
        return kind(**values, **({fields[OTHERS].name: found} if OTHERS in fields else {}))

    others = known.pop(OTHERS, None)
    return Keys(known, needed, others and get_args(others)[1], build)


def is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def scalar_value(node: yaml.Node, kind: Kind) -> Any:
    """The value of a scalar of a known kind.

    YAML reads 1e-4 (without a dot) as text; people mean a number.
    """
    value = scalar_of(node)
    if kind is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def is_a(value: object, kind: Kind) -> bool:
    if kind is Label:
        return isinstance(value, str | int | float)
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is float:
        return isinstance(value, int | float) and value == value and abs(value) != float("inf")
    if kind is date:  # a time of day is a date to Python, too
        return type(value) is date
    return isinstance(value, kind)


def fits(node: yaml.Node, kind: Kind) -> bool:
    if is_mapping(kind):
        return isinstance(node, yaml.MappingNode)
    if get_origin(kind) in (list, tuple):
        return isinstance(node, yaml.SequenceNode)
    return is_a(scalar_value(node, kind), kind)


def shared_keys(node: yaml.Node, kind: Kind) -> int:
    """How many of a mapping's keys are known to the kind."""
    if not is_mapping(kind) or not isinstance(node, yaml.MappingNode):
        return 0
    known = keys_of(kind).known
    return sum(isinstance(key, yaml.ScalarNode) and key.value in known for key, _ in node.value)


def kind_name(kind: Kind) -> str:
    if is_mapping(kind):
        return "a mapping"
    return "a list" if get_origin(kind) in (list, tuple) else NAMES[kind]
