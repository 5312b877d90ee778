"""A Dask worker that answers with pickles that run something; loaded by `--preload`."""

import os
import pickle

from distributed import get_worker
from distributed.protocol import serialize

from jobs import on_worker
from jobs.data import encoded

MARKER = os.environ["MARKER"]
KIND = os.environ["HOSTILE"]


class Bomb:
    """Leaves a file named by the process that loads its pickle."""

    def __reduce__(self):
        text = f"open('{MARKER}.%d' % __import__('os').getpid(), 'w').close() or OSError('x')"
        return (eval, (text,))


class BombError(Exception):
    def __reduce__(self):
        return Bomb().__reduce__()


class BombsType(type):
    pass


class Typed(metaclass=BombsType):
    pass


def run(*arguments):
    if KIND == "result":
        return Bomb()
    if KIND == "inside":
        return [encoded(["done", 1, "", False, None]), Bomb()]
    if KIND == "exception":
        raise BombError
    if KIND == "cause":
        raise RuntimeError("argument", Bomb())
    if KIND == "type":
        import copyreg

        copyreg.pickle(BombsType, lambda _: Bomb().__reduce__())
        return Typed()
    if KIND == "event":
        bomb = pickle.dumps(Bomb())
        get_worker().log_event("warn", {"category": bomb, "message": bomb})
        return encoded(["done", 1, "", False, "hello"])
    if KIND == "header":
        real = serialize.families["dask"]

        def dumps(x, context=None):
            header, frames = serialize.dask_dumps(x, context)
            return {**header, "type-serialized": pickle.dumps(Bomb())}, frames

        serialize.families["dask"] = (dumps, real[1], True)
        return b"looks like bytes"
    return encoded(["done", {"a": [float("nan")]}, "\x1b[2Jfailed", False, "hello"])


def greet(*arguments):
    return encoded(["hello", "hello"])


if KIND != "none":
    on_worker.run = run
    on_worker.greet = greet
    on_worker.text_of = lambda _: "1"
