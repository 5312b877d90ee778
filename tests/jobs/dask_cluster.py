"""A real Dask scheduler and workers, as processes on loopback, for tests."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

_QUIET = {
    "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
}


class DaskCluster:
    """Processes in a folder of their own; use it as a context manager."""

    def __init__(self, folder, *, options=(), environment=None, protocol="tcp"):
        self.folder, self._options, self._protocol = Path(folder), list(options), protocol
        self._environment = {**os.environ, **_QUIET, **(environment or {})}
        self.port = 0
        self.scheduler = None
        self.workers = []

    def __enter__(self):
        self.start_scheduler()
        return self

    def __exit__(self, *_):
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    @property
    def address(self):
        return f"{self._protocol}://127.0.0.1:{self.port}"

    def start_scheduler(self):
        """Start it, at the port that it had before if it had one."""
        words = ["scheduler", "--host", self.address, "--no-dashboard", "--no-show"]
        self.scheduler = self._start("scheduler", [*words, *self._options])
        deadline = time.monotonic() + 30
        while True:
            log = (self.folder / "scheduler.log").read_text()
            found = re.findall(r"Scheduler at:\s+\w+://127\.0\.0\.1:(\d+)", log)
            if found:
                self.port = int(found[-1])
                return
            assert self.scheduler.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)

    def start_worker(self, threads=1, environment=None, preload=None):
        """Start a worker without a nanny: killed, it stays dead."""
        words = ["worker", self.address, "--no-nanny", "--no-dashboard", "--nthreads", threads]
        words += ["--host", "127.0.0.1", "--local-directory", self.folder, "--death-timeout", 60]
        words += [] if preload is None else ["--preload", preload]
        name = f"worker{len(self.workers)}"
        self.workers.append(self._start(name, [*words, *self._options], environment))
        return self.workers[-1]

    def _start(self, name, words, environment=None):
        with (self.folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *map(str, words)],
                cwd=self.folder,
                env={**self._environment, **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
