"""The one place where ngspice is called: libngspice through its C interface.

Only worker processes use this module. The library is one global instance that can exit,
hang or be poisoned by a bad deck, so nothing here runs in the main process.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from circuits.deck_guard import check_deck
from circuits.errors import DesignError

_FATAL_WORDS = (
    "timestep too small",
    "singular matrix",
    "no convergence",
    "iteration limit reached",
    "gmin stepping failed",
    "source stepping failed",
    "doanalyses",
)
_MOST_MESSAGES = 500
"""Messages that are kept of the first, and as many of the last."""
_LONGEST_FAILURE = 2000
"""Characters of what ngspice said in a failure's message; beyond it whole lines are left out."""
# Steps of the search for an operating point, and what ngspice adds to any failure.
_STEPS = re.compile(r"Trying gmin = +\S+|Supplies reduced to +\S+ *%|Note: .*", re.IGNORECASE)
_EMPTY = (
    "warning: further gmin increment",
    "run simulation(s) aborted",
    "error: ngspice.dll cannot recover and awaits to be detached",
    "error: there aren't any circuits loaded.",
)


class _Complex(ctypes.Structure):
    _fields_ = [("real", ctypes.c_double), ("imag", ctypes.c_double)]


class _VectorInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("flags", ctypes.c_short),
        ("real", ctypes.POINTER(ctypes.c_double)),
        ("complex", ctypes.POINTER(_Complex)),
        ("length", ctypes.c_int),
    ]


_SendChar = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
_Exit = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Waveforms:
    """Vectors of one transient over its own time points [s], at full precision."""

    time: NDArray[np.float64]
    vectors: dict[str, NDArray[np.float64]]
    analysis_seconds: float

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Voltage [V] of a node, or current [A] of `source#branch`."""
        return self.vectors[name.lower()]


class SimulationFailedError(Exception):
    """A run that gave no result; `converged` tells a refused deck from a failed solution."""

    def __init__(self, message: str, *, convergence: bool, poisoned: bool = False) -> None:
        super().__init__(message)
        self.convergence = convergence
        self.poisoned = poisoned


def find_library() -> str:
    """Name of libngspice, or PlanError that names the package to install."""
    name = ctypes.util.find_library("ngspice")
    if name is None:
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                       "/usr/local/lib"):  # fmt: skip
            found = sorted(Path(folder).glob("libngspice.so*"))
            if found:
                return str(found[0])
        raise PlanError(
            "libngspice is not installed, so nothing can be simulated; install it with "
            "`apt install libngspice0 ngspice` (the estimate runs without it)"
        )
    return name


class Ngspice:
    """One loaded libngspice. At most one per process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(find_library())
        self._library.ngGet_Vec_Info.restype = ctypes.POINTER(_VectorInfo)
        self._library.ngSpice_CurPlot.restype = ctypes.c_char_p
        self._library.ngSpice_AllVecs.restype = ctypes.POINTER(ctypes.c_char_p)
        self._messages: list[str] = []
        self._last_messages: deque[str] = deque(maxlen=_MOST_MESSAGES)
        self._exited = False
        # The library keeps these pointers, so they live as long as it does.
        self._send_char = _SendChar(self._on_message)
        self._exit = _Exit(self._on_exit)
        self._library.ngSpice_Init(self._send_char, None, self._exit, None, None, None, None)
        # One thread: two OpenMP threads a process cost a factor of 26 in a pool of two.
        self._command("set num_threads=1")
        self.version = self._version()

    def _on_message(self, text: bytes, _identity: int, _data: object) -> int:
        kept = self._messages if len(self._messages) < _MOST_MESSAGES else self._last_messages
        kept.append(text.decode("utf-8", "replace"))
        return 0

    def _forget_messages(self) -> None:
        self._messages.clear()
        self._last_messages.clear()

    def _on_exit(self, *_arguments: object) -> int:
        self._exited = True
        return 0

    def _command(self, text: str) -> int:
        return int(self._library.ngSpice_Command(text.encode()))

    def _version(self) -> str:
        self._forget_messages()
        self._command("version -s")
        for message in self._messages:
            for word in message.split():
                if word.startswith("ngspice-"):
                    return word.removeprefix("ngspice-")
        return "unknown"

    def run(self, netlist: str) -> Waveforms:
        """Run a deck's transient and return every saved vector.

        Raises SimulationFailedError when the deck holds what we do not write, when ngspice
        refuses it or finds no solution.
        """
        self._forget_messages()
        try:
            check_deck(netlist)
        except DesignError as error:
            raise SimulationFailedError(str(error), convergence=False) from None
        # Split as ngspice splits: `splitlines` makes lines of a form feed or of U+2028, too.
        lines = [line.encode("ascii") for line in netlist.rstrip("\n").split("\n")]
        array = (ctypes.c_char_p * (len(lines) + 1))(*lines, None)
        refused = self._library.ngSpice_Circ(array)
        if refused or self._exited:
            raise self._failure("the deck was refused", poisoned=True)
        started = time.process_time()
        status = self._command("run")
        seconds = time.process_time() - started
        try:
            if status or self._exited:
                raise self._failure("the analysis failed", poisoned=self._exited)
            return self._collect(netlist, seconds)
        finally:
            if not self._exited:
                self._command("destroy all")
                # Without remcirc every run leaks 0.17 MB.
                self._command("remcirc")

    def _collect(self, netlist: str, seconds: float) -> Waveforms:
        plot = self._library.ngSpice_CurPlot().decode()
        if not plot.startswith("tran"):
            raise self._failure("the transient left no result", poisoned=False)
        names = self._library.ngSpice_AllVecs(plot.encode())
        vectors: dict[str, NDArray[np.float64]] = {}
        index = 0
        while names[index] is not None:
            name = names[index].decode()
            info = self._library.ngGet_Vec_Info(f"{plot}.{name}".encode()).contents
            if info.real and info.length:
                values = np.ctypeslib.as_array(info.real, shape=(info.length,))
                vectors[name.lower()] = np.array(values, dtype=np.float64)
            index += 1
        time_points = vectors.pop("time", np.empty(0))
        stop = _stop_time(netlist)
        if len(time_points) < 2 or time_points[-1] < stop * (1 - 1e-6):
            raise self._failure("the transient stopped early", poisoned=False)
        return Waveforms(time_points, vectors, seconds)

    def _failure(self, what: str, *, poisoned: bool) -> SimulationFailedError:
        messages = [*self._messages, *self._last_messages]
        text = " ".join(messages[-40:]).lower()
        return SimulationFailedError(
            f"{what}: {failure_text(messages)}",
            convergence=any(word in text for word in _FATAL_WORDS),
            poisoned=poisoned,
        )


def failure_text(messages: Sequence[str]) -> str:
    """What ngspice said of a failure on one line of printable ASCII, each of its lines whole.

    Errors come before warnings, each once, without the steps that were tried on the way.
    """
    errors = [message[7:] for message in messages if message.startswith("stderr ")]
    lines: dict[str, None] = {}
    for message in errors or messages:
        line = re.sub(r"[^ -~]", "?", " ".join(_STEPS.sub(" ", message).split()))
        if line and line.lower() not in _EMPTY:
            lines[line] = None
    ordered = sorted(lines, key=lambda line: line.lower().startswith("warning:"))
    length = 0
    for kept, line in enumerate(ordered):
        length += len(line) + 2
        if kept and length > _LONGEST_FAILURE:
            return "; ".join([*ordered[:kept], f"and {len(ordered) - kept} lines more"])
    return "; ".join(ordered)


def _stop_time(netlist: str) -> float:
    for line in reversed(netlist.split("\n")):
        if line.lower().startswith(".tran"):
            return float(line.split()[2])
    return 0.0
