"""The compiled parts of the evaluator; everything else about the package is in pyproject.toml.

    python setup.py build_ext --inplace

builds them for a checkout. Without a C compiler they are left out: Python and numpy then do the
same, slower.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("tpr.data._json", ["tpr/data/_json.c"], optional=True),
        Extension("tpr.evaluation._masks", ["tpr/evaluation/_masks.c"], optional=True),
    ]
)
