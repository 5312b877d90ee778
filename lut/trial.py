"""Reading a file in a process of its own first, because damage may crash or hang libhdf5.

Only for files without a seal (of earlier schemas, or changed by other programs), of whose bytes
nothing is known before libhdf5 reads them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

LIMIT = 15.0
"""Time [s] that reading may take; a sound table takes a fraction of a second."""

# What is wrong is told by the process that asked, which meets it too.
_READ = """
import contextlib, pathlib, sys
from lut.errors import TableError
from lut.hdf5 import read
with contextlib.suppress(TableError):
    read(pathlib.Path(sys.argv[1]))
"""


def require_survivable(path: Path) -> None:
    """Read the file at `path` elsewhere; what is merely wrong in it is not told.

    Raises:
        OSError: reading it crashes, or does not end.
    """
    state = path.stat()
    ending = _ending(
        str(path.resolve()), state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
    )
    if ending:
        raise OSError(ending)


@lru_cache(maxsize=64)
def _ending(path: str, *_: int) -> str:
    """How reading ended badly, "" where it did not; once for each state of a file."""
    packages = str(Path(__file__).resolve().parents[1])
    places = [packages, *(entry for entry in sys.path if entry)]
    try:
        code = subprocess.run(
            # Without -P the working folder would be searched first for what is imported.
            [sys.executable, "-P", "-c", _READ, path],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return f"reading it does not end within {LIMIT:g} s"
    except OSError:
        return ""  # No process can be started here.
    return f"the HDF5 library does not survive reading it, signal {-code}" if code < 0 else ""
