"""Where the plug-in's small models were, for scripts that have tests/ itself on their path."""

from tests.helpers.plugin_models import image, small, training_input

__all__ = ["image", "small", "training_input"]
