# SPDX-License-Identifier: Apache-2.0
"""What `sizer top` does when the process is gone, or answers rubbish."""
import os
import signal
import tempfile

from bench import SIZER, begin, case
from process import Process, table
from terminal import Terminal


@case
def server_killed():
    """The last table stays; when another process takes the socket, changes count anew."""
    bench = begin()
    terminal = bench.terminal
    bench.process.kill()
    terminal.shows("no new table: ", "App.Session", "is not there")
    Process(bench.path, process=4712)
    terminal.shows("process 4712")
    terminal.hides("no new table")
    bench.process = None
    bench.quit()
    os.unlink(bench.path)


@case
def server_killed_then_signal():
    bench = begin()
    bench.process.kill()
    bench.terminal.shows("no new table: ")
    bench.terminal.kill(signal.SIGTERM)
    assert bench.terminal.state() == "killed 15"
    bench.terminal.assert_restored()


@case
def rubbish():
    """Answers that are none are told, and end nothing."""
    answers = [table(0), b"{", b"[1]", b'{"classes":[1],"process":1,"secondsSince1970":0}', b"", b"\xff" * 100]

    def classes():
        return "200 OK", answers.pop(0) if len(answers) > 1 else answers[0]

    bench = begin(answers={"/classes": classes})
    bench.terminal.shows("no new table: ", "can't read", "App.Session")
    bench.terminal.wait("all of them", lambda _: len(answers) == 1)
    bench.quit()


@case
def nobody():
    """Who does not answer is told before the terminal is touched."""
    folder = tempfile.mkdtemp(prefix="sizer-top-")
    terminal = Terminal([SIZER, "top", folder + "/s"])
    assert terminal.state() == "exited 1"
    terminal.shows(folder + "/s is not there")
    terminal.assert_restored()
