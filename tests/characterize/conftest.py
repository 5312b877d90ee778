"""One small table for all tests that need a simulated one."""

import h5py
import numpy as np
import pytest

from characterize import load_plan, run_plan

SMALL = """
title = "small"
benches = ["and2", "decoder_gate"]
tolerance = true
[axes]
corner = ["tt", "ff"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
driver = [0.8]
"""


@pytest.fixture(scope="session")
def small_plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "small.toml"
    path.write_text(SMALL)
    return load_plan(path)


@pytest.fixture(scope="session")
def small_run(small_plan, tmp_path_factory):
    return run_plan(small_plan, tmp_path_factory.mktemp("table") / "small.h5", jobs=2)


@pytest.fixture
def arrays():
    """`arrays(path)`: every dataset of a file as bytes; texts joined."""

    def read(path):
        found = {}

        def keep(name, item):
            if isinstance(item, h5py.Dataset):
                values = np.asarray(item[()])
                texts = values.dtype.kind == "O"
                found[name] = b"|".join(values.ravel()) if texts else values.tobytes()

        with h5py.File(path) as file:
            file.visititems(keep)
        return found

    return read
