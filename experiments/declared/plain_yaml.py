"""YAML files as nodes that know their lines, and as plain data; tags that build objects are
refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from experiments.declared.manifest_errors import ManifestError

YAML: Any = yaml  # whose functions say nothing of types


def compose(path: Path) -> yaml.Node:
    """The file's YAML. Raises ManifestError if it is none, or empty."""
    if path.exists() and not path.is_file():
        raise ManifestError(f"{path} is not a file")
    try:
        loader = YAML.SafeLoader(path.read_text(encoding="utf-8"))
        loader.name = str(path)  # which all nodes then have
        node: yaml.Node | None = loader.get_single_node()
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


def load_plain(path: Path) -> Any:
    """A file's content as plain data, unchecked. Raises ManifestError."""
    return plain(compose(path))


def plain(node: yaml.Node) -> Any:
    """A node's content as plain data. Raises ManifestError."""
    try:
        return YAML.SafeLoader("").construct_document(node)
    except RecursionError:
        problem = "nested too deeply"
    except (yaml.YAMLError, ValueError) as error:
        problem = str(getattr(error, "problem", error))
    raise ManifestError(f"{place_of(node)}: {problem}")


def place_of(node: yaml.Node) -> str:
    """File and line of a node, for messages."""
    return f"{node.start_mark.name}:{node.start_mark.line + 1}"


def scalar_of(node: yaml.Node) -> object:
    """A scalar's value by YAML's rules; `...` (Ellipsis) for a node that is no plain scalar."""
    if not isinstance(node, yaml.ScalarNode):
        return ...
    try:
        return YAML.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):  # a tag such as !!python/object, an impossible date
        return ...


def name_of(node: yaml.Node) -> str:
    """How messages name a node: its text, or its kind."""
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "empty"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
