"""Worker process: `python -m characterize.worker` runs points until its parent closes it.

Messages are pickles on standard input and output, first the design, then points or decks.
Whatever ngspice prints goes to standard error of the worker, which the parent discards.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from typing import BinaryIO

from characterize.ngspice import Ngspice, SimulationFailedError
from characterize.plan import Point
from characterize.simulate import Simulator
from circuits import Deck
from circuits.netlist import new_circuit

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however it dies (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        return  # Elsewhere the end of standard input ends the worker.
    if os.getppid() != parent:
        os._exit(1)


def serve(requests: BinaryIO, replies: BinaryIO, ngspice: Ngspice) -> None:
    """Answer requests until their stream ends."""

    def reply(message: object) -> None:
        pickle.dump(message, replies)
        replies.flush()

    # Loads PySpice now, so that the first point's time limit does not pay for it.
    new_circuit("warm")
    reply(ngspice.version)
    simulator: Simulator | None = None
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        if isinstance(request, Point):
            assert simulator is not None, "the design comes before the points"
            result = simulator.point(request)
            reply(result)
            if result.poisoned:
                return
        elif isinstance(request, Deck):
            try:
                reply(ngspice.run(request.netlist))
            except SimulationFailedError as error:
                reply(error.args[0])
                return
        else:
            simulator = Simulator(ngspice, request)


def main() -> None:
    """Set the process up and serve."""
    die_with_parent(int(sys.argv[1]))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, replies, Ngspice())


if __name__ == "__main__":
    main()
