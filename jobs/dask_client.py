"""The client of a Dask scheduler, in a process of its own: `python -m jobs.dask_client PARENT`.

Dask unpickles what its scheduler and workers send. Here that is confined to a closed list before
Dask is imported, and what goes on to the parent is data: workers answer in bytes that nobody but
the parent decodes. Messages on standard input, each a list of a kind and its content:

    connect ADDRESS SECONDS      begin FACTORY SETUP KEY FINGERPRINT SOURCES SECONDS
    item NUMBER ITEM LIMIT       drop

and on standard output: started; connected; hello ANSWER; room ITEMS; done NUMBER ANSWER;
killed NUMBER; and as the last one error SENTENCE, missing MODULE or unexpected ERROR.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from typing import Any, BinaryIO

from jobs import on_worker
from jobs.child import die_with_parent
from jobs.confined import KilledWorkerError, confine_unpickling
from jobs.data import DataError, read, write
from jobs.errors import JobsError

_AHEAD = 3
"""Items that are sent for each thread of the cluster, so that none waits for the client."""
_POLL = 2.0
"""Time [s] between looks at the scheduler and its workers."""
_FETCH_LIMIT = 10.0
"""Time [s] for an answer to come from the worker that has it."""


class _Link:
    """Items of the parent to the scheduler, and answers back."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests, self._replies = requests, replies
        self._events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._address = ""
        self._client: Any = None
        self._task: tuple[Any, ...] = ()
        self._flying: dict[Any, int] = {}
        self._room = 0

    def serve(self) -> None:
        """Do what the parent says until it is gone or the cluster is."""
        _, self._address, seconds = read(self._requests)
        self._connect(seconds)
        self._tell("connected")
        threading.Thread(target=self._listen, daemon=True).start()
        looked = -1e9
        while True:
            try:
                event = self._events.get(timeout=_POLL)
            except queue.Empty:
                event = ("nothing",)
            if event[0] == "end":
                return
            self._take(*event)
            if self._task and time.monotonic() - looked > _POLL:
                looked = time.monotonic()
                self._require_scheduler()
                self._tell_room()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, DataError, OSError):
            while True:
                self._events.put(tuple(read(self._requests)))
        self._events.put(("end",))

    def _tell(self, *message: object) -> None:
        write(self._replies, list(message))

    def _take(self, kind: str, *content: Any) -> None:
        if kind == "begin":
            self._begin(*content)
        elif kind == "item":
            number, item, limit = content
            future = self._client.submit(on_worker.run, *self._task, item, limit, pure=False)
            self._wait_for(future, number)
        elif kind == "finished":
            (future,) = content
            if future in self._flying:
                self._finish(future, self._flying.pop(future))
        elif kind == "drop":
            dropped = list(self._flying)
            self._flying.clear()
            self._client.cancel(dropped, force=True)

    def _wait_for(self, future: Any, number: int) -> None:
        self._flying[future] = number
        future.add_done_callback(lambda done: self._events.put(("finished", done)))

    def _finish(self, future: Any, number: int) -> None:
        try:
            answer = self._result(future, _FETCH_LIMIT)
        except KilledWorkerError:
            self._tell("killed", number)
        except TimeoutError:
            # Its worker died before the answer was fetched: the scheduler has it made again.
            self._wait_for(future, number)
        else:
            self._tell("done", number, answer)

    def _connect(self, seconds: float) -> None:
        import distributed

        self._tell("started")
        if self._address.startswith("tls"):
            _require_certificate()
        client: Any = distributed.Client
        # The deserializers keep honest answers from being pickles; dishonest ones meet the
        # closed list.
        safe = ["dask", "msgpack", "error"]
        self._client = client(
            self._address, timeout=seconds, set_as_default=False, deserializers=safe
        )

    def _begin(
        self, factory: str, setup: bytes, key: str, fingerprint: str, sources: str, seconds: float
    ) -> None:
        """Compare the sources of all workers, then ask one of them for its hello."""
        try:
            self._client.wait_for_workers(1, timeout=seconds)
        except TimeoutError:
            raise JobsError(
                f"no worker has joined the Dask scheduler at {self._address} within "
                f"{seconds:g} s; start some"
            ) from None
        found = self._client.run(on_worker.text_of, fingerprint, on_error="ignore")
        if any(text != sources for text in found.values()):
            raise JobsError(OTHER_SOURCES)
        kept = self._client.submit(on_worker.same, setup, pure=False)
        self._task = (factory, kept, key, fingerprint, sources)
        greeting = self._client.submit(on_worker.greet, *self._task, pure=False)
        try:
            self._tell("hello", self._result(greeting))
        except KilledWorkerError:
            raise JobsError(
                "the Dask workers died before they had anything to do; look into their logs"
            ) from None

    def _tell_room(self) -> None:
        try:
            room = _AHEAD * max(1, sum(self._client.nthreads().values()))
        except OSError:
            raise self._gone() from None
        if room != self._room:
            self._room = room
            self._tell("room", room)

    def _result(self, future: Any, limit: float | None = None) -> bytes:
        """A future's bytes; JobsError where the scheduler or the worker cannot give them.

        Raises TimeoutError after `limit` [s] where it is not finished any more.
        """
        try:
            answer = future.result(timeout=limit)
        except KilledWorkerError:
            raise
        except TimeoutError:
            if limit is None or future.status == "error":
                raise JobsError("a Dask worker failed by a time limit of its own") from None
            raise
        except ImportError as error:
            raise JobsError(cannot_import(str(error))) from None
        except Exception as error:
            self._require_scheduler()
            if future.cancelled() or future.status in ("cancelled", "lost"):
                raise self._gone() from None
            raise JobsError(
                f"a Dask worker failed ({type(error).__name__}: {first_line(error)}); look into "
                "the workers' logs"
            ) from None
        if type(answer) is not bytes:
            raise JobsError(
                "a Dask worker answered something else than data; look at who runs the workers"
            )
        return answer

    def _require_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._gone()

    def _gone(self) -> JobsError:
        return JobsError(
            f"the Dask scheduler at {self._address} went away; what was finished is kept, and the "
            "same command goes on from there once a scheduler is back"
        )

    def close(self) -> None:
        """Take leave, unless the scheduler is gone."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)


OTHER_SOURCES = (
    "a Dask worker has other sources of mramcim than this process, so that its results would be "
    "others; install the same version on all workers"
)


def cannot_import(why: str) -> str:
    """What is said of a worker that lacks something."""
    return (
        f"a Dask worker cannot import what it needs ({why[:300]}); install this version of "
        "mramcim on the scheduler and all workers"
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, cut to a length."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _require_certificate() -> None:
    from distributed.security import Security

    security: Any = Security
    if security().get_connection_args("client").get("ssl_context") is None:
        raise JobsError(
            "a scheduler at tls:// asks for certificates and Dask's configuration names none; set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, __CLIENT__CERT and __CLIENT__KEY"
        )


def main() -> None:
    """Serve the parent."""
    die_with_parent(int(sys.argv[1]))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine_unpickling()
    link = _Link(sys.stdin.buffer, replies)
    try:
        link.serve()
    except JobsError as error:
        write(replies, ["error", str(error)])
    except ImportError as error:
        write(replies, ["missing", first_line(error)])
    except Exception as error:
        # Dask's errors have no common ground.
        write(replies, ["unexpected", f"{type(error).__name__}: {first_line(error)}"])
    finally:
        link.close()
        replies.flush()
        # Dask's threads may hold the end of the process up.
        os._exit(0)


if __name__ == "__main__":
    main()
