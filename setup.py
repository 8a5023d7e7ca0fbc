"""The compiled parts of the evaluator; everything else about the package is in pyproject.toml.

    python setup.py build_ext --inplace

builds them for a checkout. Without a C compiler they are left out: Python and numpy then do the
same, slower.
"""

import os

from setuptools import Extension, setup

PARTS = {"tpr.data._json": "tpr/data/_json.c", "tpr.evaluation._masks": "tpr/evaluation/_masks.c"}
FLAGS = ["-O3"] if os.name == "posix" else []  # some Pythons compile with -O2, without vectors

setup(
    ext_modules=[
        Extension(name, [source], extra_compile_args=FLAGS, optional=True)
        for name, source in PARTS.items()
    ]
)
