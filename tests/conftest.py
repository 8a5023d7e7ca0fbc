"""What all tests share: one thread each, since small machines are shared, and a tiny data set."""

import os

import pytest

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory):
    from tests.helpers.tiny import (
        make_dataset,  # late, so that the thread counts hold for what it imports
    )

    return make_dataset(tmp_path_factory.mktemp("tiny") / "data")
