"""Tasks that crash, hang and eat memory, loaded by the children of the pool's tests."""

import os
import signal
import sys
import time


class Doubling:
    """Doubles numbers; some items do harm instead."""

    def __init__(self, setup):
        self.hello = f"set up with {setup}"
        self.spent = False

    def __call__(self, item):
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "leave":
            os._exit(3)
        if item == "hang":
            time.sleep(600)
        if item == "nap":
            time.sleep(0.1)
            return True
        if item == "raise":
            raise RuntimeError("no such luck")
        if item == "eat":
            return len(bytearray(8 << 30))
        if item == "print":
            sys.stdout.write("a task may print\n")
            return os.getpid()
        if item == "spend":
            self.spent = True
            return os.getpid()
        if item == "who":
            return os.getpid()
        return 2 * item


def never(setup):
    os._exit(1)


def version():
    return "1"


def different():
    return f"process {os.getpid()}"
