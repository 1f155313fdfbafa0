# SPDX-License-Identifier: Apache-2.0
"""What `sizer top` shows, and what keys make of it."""
import os
import time

from bench import begin, case, frozen, row
from process import PROFILE, table


@case
def picture():
    """Counts, bytes and their changes are the process's, in the order of bytes."""
    bench = frozen(3)
    terminal = bench.terminal
    assert row(terminal, "App.Session") == ["130", "50.78", "KB", "+11.72", "KB", "-"], row(terminal, "App.Session")
    assert row(terminal, "App.Cache") == ["47", "27.54", "KB", "-1.76", "KB", "-"], row(terminal, "App.Cache")
    text = terminal.screen.text()
    assert "shop server, process 4711" in text and "pause 1.23 ms" in text and "changes over 00:00:03" in text, text
    # 20,000,000 and 23,145,728 bytes.
    assert "resident 22.07 MB (+3.00 MB)" in text, text
    names = [line.split()[-1] for line in terminal.screen.lines()[4:8]]
    assert names[:2] == ["App.Session", "App.Cache"], names
    assert r"App.\u{1b}[2Jevil\nname\u{202e}" in text, text
    assert len(terminal.screen.lines()) == 24 and terminal.screen.lines()[23].startswith("q quit")
    assert terminal.screen.colours
    terminal.resize(120, 24)
    terminal.wait("more columns", lambda _: row(terminal, "App.Session") == ["130", "50.78", "KB", "+30", "+11.72", "KB", "-"])
    assert row(terminal, "App.Cache") == ["47", "27.54", "KB", "-3", "-1.76", "KB", "-"], row(terminal, "App.Cache")
    bench.quit()


@case
def rate():
    """Bytes per second are those between the last two tables: a second and 4,000 bytes, whatever the clock here says."""
    bench = begin("--every", "300ms")
    bench.terminal.shows("+3.91 KB")
    bench.terminal.wait("the rate", lambda _: row(bench.terminal, "App.Session")[-2:] == ["+3.91", "KB"])
    bench.quit()


@case
def keys():
    bench = frozen(2)
    terminal = bench.terminal
    first = lambda: terminal.screen.lines()[4]
    for key, name in [("n", r"name\u{202e}"), ("b", "App.Session"), ("d", "App.Session"), ("c", "App.Session"), ("s", "App.Session")]:
        terminal.type(key)
        terminal.wait(key, lambda _: first().endswith(name))
    terminal.type("di")
    # The shrinking last where the largest change is first, first when that is turned round.
    terminal.wait("inverted", lambda _: "by change, inverted" in terminal.screen.text() and first().endswith("App.Cache"))
    terminal.type("b/SMALL3")
    terminal.shows("/SMALL3_", "1-10 of 10")
    terminal.type("\x7f\r")
    terminal.shows("filter SMALL", "1-19 of 40")
    terminal.type("\x1b[F")
    terminal.shows("22-40 of 40", "App.Small39")
    terminal.type("\x1b")
    terminal.shows("of 45")
    terminal.type("\x1b[H?")
    terminal.shows("freeze, and go on")
    terminal.type("?3")
    terminal.shows("[ladder]", "resident", "Swift objects", "rest")
    terminal.type("z1")
    terminal.wait("changes from now on", lambda _: row(terminal, "App.Session") == ["120", "46.88", "KB", "-"])
    bench.quit()


@case
def views():
    bench = begin()
    terminal = bench.terminal
    assert bench.process.count("/tasks") == 0 and bench.process.count("/retained") == 0
    terminal.type("\t")
    terminal.shows("[tasks]", "App.accept() > App.read()", "an unknown function", "87.89 KB")
    terminal.type("1r")
    terminal.shows("7.00 MB", "RETAINED")
    terminal.wait("sorted", lambda screen: screen.lines()[4].endswith("App.Cache"))
    asked = bench.process.count("/retained")
    terminal.settle()
    assert asked == bench.process.count("/retained") == 1
    bench.quit()


@case
def refused():
    """What the process has not, is told, and nothing else is lost."""
    no = lambda: ("404 Not Found", {"error": "nothing is recorded\x1b[31m"})
    bench = begin(answers={"/tasks": no, "/retained": no, "/profile.sizer": no})
    terminal = bench.terminal
    terminal.type("w")
    terminal.shows(r"the process refused: nothing is recorded\u{1b}[31m")
    terminal.type("2")
    terminal.shows("no tasks: the process refused")
    terminal.type("1r")
    terminal.shows("the process refused", "App.Session")
    assert not [name for name in os.listdir(bench.folder) if name.endswith(".sizer")]
    bench.quit()


@case
def freeze():
    bench = begin()
    bench.terminal.type(" ")
    bench.terminal.shows("FROZEN")
    bench.terminal.settle()
    text, asked = bench.terminal.screen.text(), len(bench.process.asked)
    time.sleep(0.5)
    assert len(bench.process.asked) == asked and bench.terminal.screen.text() == text
    bench.terminal.type(" ")
    bench.terminal.hides("FROZEN")
    bench.terminal.wait("more tables", lambda _: len(bench.process.asked) > asked + 1)
    bench.quit()


@case
def profile():
    """Two copies of the profile, byte for byte, of which none takes the place of another."""
    bench = begin()
    for number in (1, 2):
        bench.terminal.type("w")
        bench.terminal.shows(f"written: shop_server.4711.top{number}.sizer (2.02 KB)")
        with open(f"{bench.folder}/shop_server.4711.top{number}.sizer", "rb") as file:
            assert file.read() == PROFILE
    bench.quit()


@case
def sizes():
    """At each size the frame fits, and what matters most is there."""
    bench = begin()
    terminal = bench.terminal
    for columns, rows in [(40, 10), (120, 50), (20, 4), (1, 1), (200, 5), (80, 24)]:
        with terminal.lock:
            terminal.resize(columns, rows)
        if columns >= 40:
            terminal.wait((columns, rows), lambda screen: "App.Session" in screen.text() and screen.lines()[-1].startswith("q quit"))
        terminal.settle()
    terminal.shows("+bytes/s")
    # What was sent for the size before does not count.
    assert not [text for text in terminal.screen.complaints if "too long" not in text], terminal.screen.complaints
    terminal.screen.complaints.clear()
    bench.quit()


@case
def small():
    bench = frozen(1, columns=40, rows=10)
    lines = bench.terminal.screen.lines()
    assert lines[3].split() == ["count", "BYTES", "type"], lines
    assert lines[4].split() == ["110", "42.97", "KB", "App.Session"], lines
    bench.quit()


@case
def little():
    """Where one row changed, a frame is some lines, not a screen."""
    flat = [(f"App.Type{index:02}", 1, 1_000 - index) for index in range(30)]
    number = [0]

    def classes():
        number[0] += 1
        return "200 OK", table(number[0], classes=[("App.Session", number[0], 9_000), *flat])

    bench = begin(answers={"/classes": classes})
    bench.terminal.wait("some tables", lambda _: number[0] > 5)
    before, start = bench.terminal.screen.received, number[0]
    bench.terminal.wait("ten more", lambda _: number[0] >= start + 10)
    each = (bench.terminal.screen.received - before) / (number[0] - start)
    assert 0 < each < 400, each
    bench.quit()


@case
def colourless():
    bench = begin(environment={"NO_COLOR": "1"})
    bench.terminal.settle()
    assert not bench.terminal.screen.colours
    bench.quit()
