"""A profile that `extends` another: its manifest says only what is different."""

from __future__ import annotations

from pathlib import Path

import yaml

from experiments.declared.manifest_errors import ManifestError, nearest
from experiments.declared.plain_yaml import compose, name_of, place_of

EXTENDS = "extends"
OTHER_DATA = ("own", "dataset")  # keys of data that share nothing with the extended profile's


def compose_extended(path: Path) -> yaml.Node:
    """The file's YAML merged into what it extends.

    Mappings are merged key by key; any other value of the file replaces the extended one. Every
    node knows the file that it was read from. Raises ManifestError.
    """
    node, seen = compose(path), [path.stem]
    chain = [node]
    while (reference := extended(node)) is not None:
        name, place = reference.value, place_of(reference)
        known = sorted(other.stem for other in path.parent.glob("*.yaml"))
        if name in seen:
            raise ManifestError(f"{place}: {' extends '.join([*seen, name])}")
        if name not in known:
            raise ManifestError(
                f"{place}: unknown profile {name!r} to extend; {nearest(name, known)}"
            )
        node = compose(path.with_name(f"{name}.yaml"))
        chain.append(node)
        seen.append(name)
    whole = chain.pop()
    while chain:
        whole = merged(whole, chain.pop())
    return whole


def extended(node: yaml.Node) -> yaml.ScalarNode | None:
    """Takes the key `extends` out of a file's mapping, and returns its value."""
    if not isinstance(node, yaml.MappingNode):
        return None
    found = [pair for pair in node.value if pair[0].value == EXTENDS]
    if len(found) > 1:
        raise ManifestError(f"{place_of(found[1][0])}: {EXTENDS!r} stands twice in the file")
    for key, value in found:
        if not isinstance(value, yaml.ScalarNode):
            message = f"{EXTENDS} must be the name of a profile"
            raise ManifestError(f"{place_of(value)}: {message}, not {name_of(value)}")
        node.value.remove((key, value))
        return value
    return None


def merged(base: yaml.Node, change: yaml.Node) -> yaml.Node:
    """Merges two mappings into a new one, in the order of `base`; anything but two mappings gives
    `change`.

    A key that stands twice in `change` is kept twice, so that the reader reports it. A mapping that
    names other data replaces that of `base`.
    """
    if not isinstance(base, yaml.MappingNode) or not isinstance(change, yaml.MappingNode):
        return change
    left = list(change.value)
    if any(key.value in OTHER_DATA for key, _ in left):
        return change
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in base.value:
        own = [pair for pair in left if pair[0].value == key.value]
        left = [pair for pair in left if pair not in own]
        pairs += [(k, merged(value, v)) for k, v in own] or [(key, value)]
    return yaml.MappingNode(change.tag, pairs + left, change.start_mark, change.end_mark)
