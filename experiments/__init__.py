"""The suite: what is declared (manifests, declared), how it runs, what it ships and prints."""

from tpr.extras import tell_missing_packages
from tpr.former_names import install

tell_missing_packages()

# names before the rooms, for scripts written against 0.1
install(
    {
        "experiments.layout": "experiments.stages.layout",
        "experiments.log": "experiments.stages.progress",
        "experiments.manifest": "experiments.declared.manifests",
        "experiments.spec": "experiments.pipeline.graph",
    }
)
