# SPDX-License-Identifier: Apache-2.0
"""What `sizer top` prints where it has no screen."""
import json
import signal
import subprocess
import tempfile
import termios

from bench import SIZER, Bench, case
from process import Process, table


@case
def dumb():
    """Without escape sequences a table comes after another, with its changes."""
    bench = Bench("--limit", "2", environment={"TERM": "dumb"})
    terminal = bench.terminal
    terminal.wait("three tables", lambda _: bench.process.number > 3)
    terminal.kill(signal.SIGINT)
    assert terminal.state() == "killed 2"
    assert termios.tcgetattr(terminal.slave) == terminal.before
    text = terminal.screen.text()
    assert "and 43 more; --limit shows them" in text and "+3.91 KB" in text, text
    assert not terminal.screen.complaints and not terminal.screen.colours, terminal.screen.complaints


def run(*options, number=0, **more):
    folder = tempfile.mkdtemp(prefix="sizer-top-")
    process = Process(folder + "/s")
    process.number = number
    return subprocess.run([SIZER, "top", folder + "/s", *options], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


@case
def once():
    ended = run("--once", "--limit", "2")
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    lines = ended.stdout.splitlines()
    assert lines[0] == "shop server, process 4711  pause 1.23 ms", lines
    assert lines[1].startswith("resident 19.07 MB  "), lines
    assert [line.split() for line in lines[2:]] == [
        ["count", "BYTES", "type"], ["100", "39.06", "KB", "App.Session"], ["50", "29.30", "KB", "App.Cache"],
        ["and", "43", "more;", "--limit", "shows", "them"],
    ], lines
    assert "App.accept() > App.read()" in run("--once", "--view", "tasks").stdout
    assert "  Swift objects" in run("--once", "--view", "ladder").stdout


@case
def once_json():
    there = table(0)
    answer = json.loads(run("--once", "--json", "--limit", "3").stdout)
    for name in ("process", "resident", "objects", "bytes", "pauseMicroseconds", "others", "ladder"):
        assert answer[name] == there[name], name
    assert answer["millisecondsSince1970"] == 1_700_000_000_500
    assert answer["classes"] == there["classes"][:3] and answer["types"] == 45
    answer = json.loads(run("--once", "--json", "--filter", "cache", "--sort", "retained").stdout)
    assert answer["classes"] == [{**there["classes"][1], "retainedBytes": 7_340_032}], answer["classes"]
    answer = json.loads(run("--once", "--json", "--view", "tasks").stdout)
    assert [task["count"] for task in answer["tasks"]] == [1, 12] and answer["tasks"][0]["creator"] is None


@case
def usage():
    for options in (["--json"], ["--once", "--sort", "rate"], ["--limit", "0"], ["--every", "0"], ["--view", "keys"], ["--every", "often"]):
        assert run(*options).returncode == 64, options


@case
def piped():
    """A reader that has had enough ends it as usual."""
    folder = tempfile.mkdtemp(prefix="sizer-top-")
    Process(folder + "/s")
    program = subprocess.Popen([SIZER, "top", folder + "/s", "--every", "100ms"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert b"shop server" in program.stdout.readline()
    program.stdout.close()
    assert program.wait(timeout=60) == -signal.SIGPIPE
