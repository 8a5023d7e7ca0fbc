"""The compiled part of the evaluator; everything else about the package is in pyproject.toml.

    python setup.py build_ext --inplace

builds it for a checkout. Without a C compiler it is left out, with a warning of pip's: the
evaluation then does the same in numpy, slower.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("tpr.evaluation._masks", ["tpr/evaluation/_masks.c"], optional=True),
    ]
)
