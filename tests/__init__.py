"""Tests; each folder has those of the package or room whose name it has."""

from tpr.former_names import install

install({"tests.test_heads": "tests.models.test_heads", "tests.tiny": "tests.helpers.tiny"})
