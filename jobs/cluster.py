"""Items on the workers of an existing Dask scheduler, with the interface of a pool.

A Dask worker runs an item in a child process of its own, as a pool does on one machine: what
crashes, hangs or eats memory costs one item and leaves the worker alive. A worker that dies
has its items run again elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import logging
import pickle
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Self

from jobs.errors import JobsError
from jobs.pool import Done, Pool

CONNECT_LIMIT = 10.0
WORKERS_LIMIT = 120.0
"""Time [s] that the scheduler may take to answer, and its first worker to join."""
_AHEAD = 3
"""Items that are sent for each thread of the cluster, so that none waits for the client."""
_POLL = 2.0
_STALE = 300.0
"""Time [s] after which a worker ends a child that nobody used."""


class Cluster:
    """Runs items on a Dask cluster; use it as a context manager.

    `factory`, `setup` and `time_limit` [s] are those of `Pool`; `address` is the scheduler's,
    such as "tcp://host:8786". `fingerprint`, "module:function", names a function that must give
    the same text on the workers as here. Raises JobsError where Dask is missing or the scheduler
    does not answer.
    """

    def __init__(
        self,
        factory: str,
        setup: object,
        address: str,
        time_limit: float | Callable[[Any], float],
        *,
        fingerprint: str,
    ) -> None:
        try:
            import distributed
        except ImportError:
            raise JobsError(
                "a scheduler needs Dask, which is not installed; install it with "
                "`pip install 'mramcim[cluster]'`"
            ) from None
        # What Dask logs of a lost peer, with tracebacks, is told here in one sentence.
        for name in list(logging.root.manager.loggerDict):
            if name.partition(".")[0] == "distributed":
                logging.getLogger(name).setLevel(logging.CRITICAL)
        self._factory, self._setup, self._address = factory, setup, address
        self._key = hashlib.sha256(pickle.dumps((factory, setup))).hexdigest()
        self._limit = time_limit if callable(time_limit) else lambda _: time_limit
        self._fingerprint = fingerprint
        self.hello: Any = None
        """What the task tells of itself on the worker that was asked first."""
        if address.startswith("tls"):
            _require_certificate()
        try:
            client: Any = distributed.Client
            self._client = client(address, timeout=CONNECT_LIMIT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise JobsError(
                f"no Dask scheduler answers at {address} ({_first_line(error)}); check the "
                "address, and the certificates where it begins with tls"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A scheduler that is gone cannot take leave.
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Run items in any order, each once; yields them as they finish.

        An item is taken when the cluster has room for it. Raises JobsError when the scheduler
        goes away, no worker joins, or a worker has other programs.
        """
        submit = self._client.submit
        setup = submit(_same, self._setup, pure=False)
        here = _text_of(self._fingerprint)
        self._await_workers()
        task = (self._factory, setup, self._key, self._fingerprint)
        greeting = submit(_greet, *task, pure=False)
        self.hello = self._checked(self._result(greeting), here)
        waiting, exhausted = iter(items), False
        flying: dict[Any, Any] = {}
        finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        room, looked = 0, -1e9
        try:
            while True:
                if time.monotonic() - looked > _POLL:
                    room, looked = _AHEAD * max(1, self._threads()), time.monotonic()
                while not exhausted and len(flying) < room:
                    for item in waiting:
                        future = submit(_run, *task, item, self._limit(item), pure=False)
                        flying[future] = item
                        future.add_done_callback(finished.put)
                        break
                    else:
                        exhausted = True
                if not flying:
                    return
                try:
                    future = finished.get(timeout=_POLL)
                except queue.Empty:
                    self._require_scheduler()
                else:
                    yield self._done(future, flying.pop(future), here)
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel([*flying, setup], force=True)

    def _done(self, future: Any, item: Any, here: str) -> Done:
        from distributed.scheduler import KilledWorker

        try:
            done: Done = self._checked(self._result(future), here)
        except KilledWorker:
            return Done(item, None, "the Dask workers that ran it died, one after the other")
        # What came back is a copy; the caller's own object is the one it knows.
        return replace(done, item=item)

    def _result(self, future: Any) -> Any:
        """A future's result; JobsError where the scheduler or the worker cannot give one."""
        from distributed.scheduler import KilledWorker

        try:
            return future.result()
        except KilledWorker:
            raise
        except ImportError as error:
            raise JobsError(
                f"a Dask worker cannot import what it needs ({_first_line(error)}); install this "
                "version of mramcim on the scheduler and all workers"
            ) from None
        except Exception as error:
            self._require_scheduler()
            if future.cancelled() or future.status in ("cancelled", "lost"):
                raise self._gone() from None
            raise JobsError(
                f"a Dask worker failed ({type(error).__name__}: {_first_line(error)}); look into "
                "the workers' logs"
            ) from None

    def _checked(self, answer: tuple[str, Any], here: str) -> Any:
        there, content = answer
        if there != here:
            raise JobsError(
                "a Dask worker has other sources of mramcim than this process, so that its "
                "results would be others; install the same version on all workers"
            )
        return content

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except OSError:
            raise self._gone() from None

    def _await_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_LIMIT)
        except TimeoutError:
            raise JobsError(
                f"no worker has joined the Dask scheduler at {self._address} within "
                f"{WORKERS_LIMIT:g} s; start some"
            ) from None

    def _require_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._gone()

    def _gone(self) -> JobsError:
        return JobsError(
            f"the Dask scheduler at {self._address} went away; what was finished is kept, and the "
            "same command goes on from there once a scheduler is back"
        )


def _require_certificate() -> None:
    from distributed.security import Security

    security: Any = Security
    if security().get_connection_args("client").get("ssl_context") is None:
        raise JobsError(
            "a scheduler at tls:// asks for certificates and Dask's configuration names none; set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, __CLIENT__CERT and __CLIENT__KEY"
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _same(value: Any) -> Any:
    # A task and not a scattered value: where its holder dies it is computed again.
    return value


def _text_of(function: str) -> str:
    module, _, name = function.partition(":")
    return str(getattr(importlib.import_module(module), name)())


class _Runner:
    """A pool of one child, which a thread of its own starts and feeds.

    The kernel ends a child with the thread that began it, and a Dask worker's threads come and
    go.
    """

    def __init__(self, factory: str, setup: object) -> None:
        self._limit = 0.0
        self._pool = Pool(factory, setup, 1, lambda _: self._limit)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mramcim")
        self.used = time.monotonic()

    def run(self, item: Any, limit: float) -> Done:
        """Run one item."""
        self._limit = limit
        (done,) = self._thread.submit(lambda: list(self._pool.run([item]))).result()
        return done

    def hello(self) -> Any:
        """What the task tells of itself."""
        return self._thread.submit(self._pool.greet).result()

    def close(self) -> None:
        """End the child."""
        self._thread.submit(self._pool.__exit__)
        self._thread.shutdown(wait=False)


_idle: dict[str, list[_Runner]] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def _borrowed(factory: str, setup: object, key: str) -> Iterator[_Runner]:
    """A runner that waits for this set-up, or a new one; others that wait too long are ended."""
    now = time.monotonic()
    with _lock:
        free = _idle.setdefault(key, [])
        runner = free.pop() if free else None
        stale = [one for runners in _idle.values() for one in runners if now - one.used > _STALE]
        for other, runners in _idle.items():
            _idle[other] = [one for one in runners if one not in stale]
    for one in stale:
        one.close()
    runner = runner or _Runner(factory, setup)
    try:
        yield runner
    finally:
        runner.used = time.monotonic()
        with _lock:
            _idle[key].append(runner)


def _greet(factory: str, setup: object, key: str, fingerprint: str) -> tuple[str, Any]:
    """On a worker: the text of the fingerprint, and what the task tells of itself."""
    with _borrowed(factory, setup, key) as runner:
        return _text_of(fingerprint), runner.hello()


def _run(
    factory: str, setup: object, key: str, fingerprint: str, item: Any, limit: float
) -> tuple[str, Done]:
    """On a worker: one item in a child process."""
    with _borrowed(factory, setup, key) as runner:
        return _text_of(fingerprint), runner.run(item, limit)
