# SPDX-License-Identifier: Apache-2.0
"""How `sizer top` ends or stops: the terminal is as it was before."""
import os
import signal
import termios
import time

from bench import begin, case


def dies(number, *, send=None):
    bench = begin()
    assert termios.tcgetattr(bench.terminal.slave) != bench.terminal.before
    assert bench.terminal.screen.modes == {"25": False, "7": False, "1049": True}
    if send:
        bench.terminal.type(send)
    else:
        bench.terminal.kill(number)
    assert bench.terminal.state() == f"killed {int(number)}"
    bench.terminal.assert_restored()


@case
def interrupt():
    dies(signal.SIGINT, send="\x03")


@case
def quit_signal():
    dies(signal.SIGQUIT, send="\x1c")


@case
def terminate():
    dies(signal.SIGTERM)


@case
def hangup():
    dies(signal.SIGHUP)


@case
def inherited():
    """A signal that the parent ignores, as nohup(1) does, stays ignored; one that it blocked ends the program all the same."""
    bench = begin(ignored=[signal.SIGHUP], blocked=[signal.SIGTERM, signal.SIGWINCH])
    terminal = bench.terminal
    terminal.kill(signal.SIGHUP)
    terminal.resize(100, 30)
    terminal.wait("the new size", lambda screen: screen.lines()[29].startswith("q quit"))
    terminal.kill(signal.SIGTERM)
    assert terminal.state() == "killed 15"
    terminal.assert_restored()


@case
def abort():
    dies(signal.SIGABRT)


@case
def fault():
    dies(signal.SIGSEGV)


@case
def trap():
    dies(signal.SIGILL)


@case
def input_ends():
    bench = begin()
    bench.terminal.type("\x04")
    assert bench.terminal.state() == "exited 0"
    bench.terminal.assert_restored()


@case
def terminal_gone():
    """Nobody holds the terminal any more: the program ends, and does not spin."""
    bench = begin()
    bench.terminal.pause = True
    time.sleep(0.2)
    os.close(bench.terminal.slave)
    os.close(bench.terminal.master)
    assert bench.terminal.state() in ("exited 0", "killed 1")


@case
def stopped():
    """Control-Z gives the terminal back; after `fg` the picture is whole again, and at the end what the user set meanwhile stays."""
    bench = begin()
    terminal = bench.terminal
    for _ in range(2):
        terminal.type("\x1a")
        assert terminal.state() == "stopped"
        terminal.assert_restored()
        changed = termios.tcgetattr(terminal.slave)
        changed[3] ^= termios.ECHOE
        termios.tcsetattr(terminal.slave, termios.TCSANOW, changed)
        terminal.before = termios.tcgetattr(terminal.slave)
        terminal.order("fg")
        terminal.wait("the other screen", lambda screen: screen.modes["1049"])
        terminal.shows("App.Session", "q quit")
    bench.quit()


@case
def held():
    """SIGSTOP can't be noticed; when it is over the modes are right, whatever a shell made of them meanwhile."""
    bench = begin()
    terminal = bench.terminal
    terminal.kill(signal.SIGSTOP)
    assert terminal.state() == "stopped"
    own = termios.tcgetattr(terminal.slave)
    assert own != terminal.before
    termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)
    with terminal.lock:
        terminal.screen.cells = {}
    terminal.order("fg")
    terminal.shows("App.Session", "q quit")
    assert termios.tcgetattr(terminal.slave) == own
    bench.quit()


@case
def output_held():
    """A terminal that takes nothing (Control-S) does not keep the program from ending."""
    bench = begin()
    bench.terminal.type("\x13")
    time.sleep(0.5)
    bench.terminal.kill(signal.SIGTERM)
    assert bench.terminal.state() == "killed 15"
    assert termios.tcgetattr(bench.terminal.slave) == bench.terminal.before


@case
def unread():
    """A user whose line is slow gets the newest picture, not all of them; and the end waits for nobody."""
    bench = begin(columns=120, rows=50)
    bench.terminal.pause = True
    # Each is a picture of 4 KB, of which a terminal that nobody reads takes some.
    for _ in range(100):
        bench.terminal.type("i")
        time.sleep(0.02)
    asked = len(bench.process.asked)
    deadline = time.monotonic() + 30
    while len(bench.process.asked) <= asked + 5:
        assert time.monotonic() < deadline, "the program waits for its terminal"
        time.sleep(0.1)
    bench.terminal.kill(signal.SIGTERM)
    assert bench.terminal.state() == "killed 15"
    bench.terminal.pause = False
    bench.terminal.settle()
    # What was thrown away to make room for the end may end anywhere.
    bench.terminal.screen.complaints.clear()
    bench.terminal.assert_restored()
