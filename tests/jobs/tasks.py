"""Tasks that crash, hang and eat memory, loaded by the children of the pool's tests."""

import os
import pickle
import signal
import sys
import time


class Bomb:
    """Makes a file where its pickle is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (eval, (f"open({self.path!r}, 'w').close()",))


def spin(seconds):
    """Use so much processor time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Doubling:
    """Doubles numbers; some items do harm instead."""

    def __init__(self, setup):
        self.hello = f"set up with {setup}"
        self.spent = False

    def __call__(self, item):
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "kill worker":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(5)
        if item == "leave":
            os._exit(3)
        if item == "hang":
            time.sleep(600)
        if isinstance(item, tuple):
            return self._harm(*item)
        if item == "spin":
            spin(600)
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

    def _harm(self, kind, argument):
        if kind == "spin":
            spin(argument)
            return argument
        if kind == "bomb":
            return Bomb(argument)
        if kind == "bomb inside":
            return {"result": [1, Bomb(argument)]}
        if kind == "raise bomb":
            raise RuntimeError(Bomb(argument))
        # "forge": the reply's own stream, past whatever would have looked at the result.
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, pickle.dumps(Bomb(argument)))
            except OSError:
                continue
        time.sleep(600)
        return None


def never(setup):
    os._exit(1)


def version():
    return "1"


def different():
    return f"process {os.getpid()}"
