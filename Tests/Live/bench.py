# SPDX-License-Identifier: Apache-2.0
"""What the cases of top.py share."""
import os
import sys
import tempfile

from process import Process, table
from terminal import Terminal

SIZER = os.path.abspath(sys.argv[1])
CASES = {}


def case(body):
    CASES[body.__name__] = body
    return body


class Bench:
    """A folder, a process that listens in it, and `sizer top` in a terminal."""

    def __init__(self, *options, answers=None, **terminal):
        self.folder = tempfile.mkdtemp(prefix="sizer-top-")
        self.path = self.folder + "/s"
        self.process = Process(self.path, answers)
        self.terminal = Terminal(
            [SIZER, "top", self.path, "--every", "100ms", *options], folder=self.folder, **terminal)

    def quit(self):
        self.terminal.type("q")
        assert self.terminal.state() == "exited 0"
        self.terminal.assert_restored()


def row(terminal, name):
    """The figures before a name; none where it is not shown."""
    lines = [line for line in terminal.screen.lines() if line.endswith(name)]
    return lines[0].removesuffix(name).split() if len(lines) == 1 else []


def begin(*options, **more):
    bench = Bench(*options, **more)
    bench.terminal.shows("App.Session", "q quit")
    return bench


def frozen(number, *options, **more):
    """A bench that shows the table of this number and stays there."""
    last = [0]

    def classes():
        answer = table(min(last[0], number))
        last[0] += 1
        return "200 OK", answer

    bench = begin(*options, answers={"/classes": classes}, **more)
    # Tables that are the same as the one before have a rate of their own.
    bench.terminal.wait("the last table", lambda _: last[0] > number + 2)
    bench.terminal.type(" ")
    bench.terminal.shows("FROZEN")
    bench.terminal.settle()
    return bench
