"""The old place of load_manifests, for scripts written against 0.1; goes with 0.2."""

from experiments.declared.manifests import load_manifests

__all__ = ["load_manifests"]
