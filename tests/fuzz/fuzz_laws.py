"""What must hold of the command whatever it is given, and how it is run to see that it does."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST = 20.0
"""Seconds of processor time that anything given may take."""


class SimulatesError(BaseException):
    """Raised in place of a simulation, a training or a sweep: what was given is valid."""


class TooLongError(BaseException):
    """Raised after the longest time."""


@dataclass(frozen=True)
class Outcome:
    """What the command did: exit code ("simulates" where it would), and what it printed."""

    code: int | str
    out: str
    err: str
    seconds: float


def run(words: Sequence[str]) -> Outcome:
    """The command in this process."""
    from mramcim.command import main

    def late(*_: object) -> None:
        raise TooLongError

    out, err = io.StringIO(), io.StringIO()
    before = os.times()
    old = [signal.signal(number, late) for number in (signal.SIGVTALRM, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    # What waits takes no time of the processor, and a loaded machine takes long for anything.
    signal.setitimer(signal.ITIMER_REAL, 10 * LONGEST)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), stubbed():
            code: int | str = main(list(words))
    except SimulatesError:
        code = "simulates"
    except TooLongError:
        code = f"more than {LONGEST:g} s"
    except BaseException:
        code = "traceback: " + "".join(traceback.format_exc())[-3000:]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip((signal.SIGVTALRM, signal.SIGALRM), old, strict=True):
            signal.signal(number, handler)
    after = os.times()
    return Outcome(code, out.getvalue(), err.getvalue(), after.user - before.user)


@contextlib.contextmanager
def stubbed() -> Iterator[None]:
    """Nothing is simulated, trained or swept; what would be says that it is valid."""
    import accelerator.exploration.exploration as exploration
    import accelerator.stochastic.network
    import characterize.ngspice
    import jobs.pool

    def stop(*_: object, **__: object) -> None:
        raise SimulatesError

    places = (
        (exploration, "explore"), (characterize.ngspice.Ngspice, "__init__"),
        (jobs.pool.Pool, "__init__"), (accelerator.stochastic.network.FixedNetwork, "run"),
    )  # fmt: skip
    kept = [(place, name, getattr(place, name)) for place, name in places]
    for place, name in places:
        setattr(place, name, stop)
    try:
        yield
    finally:
        for place, name, old in kept:
            setattr(place, name, old)


def fault(outcome: Outcome, names: Sequence[Path | str]) -> str:
    """What the outcome breaks, "" where nothing; `names` are files, one of which is to be told."""
    code, out, err = outcome.code, outcome.out, outcome.err
    if code == "simulates":
        return ""
    if code not in (0, 1, 2):
        return str(code)
    if "Traceback" in err + out or "Warning" in err:
        return f"a traceback or warning is shown: {err[-500:]}"
    if code == 2:
        lines = err.splitlines()
        if len(lines) != 1 or not lines[0].startswith("mramcim: error: ") or len(lines[0]) > 4100:
            return f"not one sentence: {err[:500]!r}"
        if names and not any(Path(name).name in err for name in names):
            return f"no file is named: {err[:500]!r}"
    for text in (out, err):
        bad = {c for c in text if c not in "\n\t\r" and unicodedata.category(c) in ("Cc", "Cf")}
        if bad:
            return f"unprintable characters {bad!r}"
    if code != 2 and out.lstrip().startswith("{"):
        return _strict(out)
    return ""


def _strict(text: str) -> str:
    def refuse(name: str) -> float:
        raise ValueError(name)

    try:
        content = json.loads(text, parse_constant=refuse)
    except ValueError as error:
        return f"no strict JSON: {error}"
    for key in ("energy_J", "latency_s", "area_m2"):
        value = content.get(key)
        if value is not None and not (math.isfinite(value) and value >= 0):
            return f"{key} is {value}"
    return ""
