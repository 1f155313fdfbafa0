# SPDX-License-Identifier: Apache-2.0
"""Watches a program that `sizer run --socket` started, with `sizer top` in a terminal of 80x24 as a user does, and compares with what the
program counts itself. Tests/Agent/run starts it, in a folder that it may write to.

    python3 watch.py SIZER AGENT PROGRAM

The program is Tests/Agent/AgentHost. Prints a line for each promise, "kept: …" or "BROKEN: …".
"""
import glob
import os
import subprocess
import sys
import time

# The tree stays as it is.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Live"))
from terminal import Terminal

sizer, agent, program = sys.argv[1:]


def verdict(is_kept, what, found=""):
    print(("kept: " if is_kept else "BROKEN: ") + f"sizer run and top: {what}")
    if not is_kept:
        print("  found:", str(found)[:3000])
    sys.stdout.flush()


def counts(host):
    return {word: int(count) for word, count in (host.stdout.readline().split() for _ in range(2))}


def more(host):
    host.stdin.write("more\n")
    host.stdin.flush()
    return counts(host)


def snapshots(path):
    """How many a profile has, as SQL counts them; empty when it is none."""
    lines = subprocess.run([sizer, "sql", path, "--csv", "select count(*) from snapshots"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split()
    return lines[-1] if lines else ""


def row(screen, name):
    lines = [line for line in screen.lines() if line.rstrip().endswith(name)]
    return lines[0].split() if len(lines) == 1 else []


def shows(terminal, what, condition):
    try:
        terminal.wait(what, condition)
        verdict(True, what)
    except AssertionError as error:
        verdict(False, what, error)


host = subprocess.Popen([sizer, "run", "--agent", agent, "--socket", "live.%p", "-o", "run.sizer", "--", program, "137", "asks"],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
own = counts(host)
for _ in range(200):
    if glob.glob("live.*"):
        break
    time.sleep(0.05)
process = glob.glob("live.*")[0].split(".")[1]
terminal = Terminal([sizer, "top", process, "--every", "200ms"], folder=os.getcwd())
shows(terminal, "the program's own counts", lambda screen: row(screen, "Program.Leaf")[:1] == [str(own["Leaf"])] and row(screen, "Program.Pair")[:1] == [str(own["Pair"])])
own = more(host)
shows(terminal, "and what came since, with the change", lambda screen: row(screen, "Program.Leaf")[:1] == [str(own["Leaf"])] and "+" in " ".join(row(screen, "Program.Leaf")))
terminal.type("/leaf\r")
shows(terminal, "a filter leaves what it is for", lambda screen: row(screen, "Program.Leaf") and not row(screen, "Program.Pair"))
terminal.type("/\x15\r")
terminal.type("r")
shows(terminal, "what each type retains", lambda screen: "retained" in screen.text().lower())
terminal.type("2")
shows(terminal, "five tasks, and where they wait", lambda screen: any(line.split()[:1] == ["5"] and "nap()" in line for line in screen.lines()))
terminal.type("3")
shows(terminal, "the parts of the memory", lambda screen: "Swift objects" in screen.text())
terminal.type("1")
shows(terminal, "types again", lambda screen: row(screen, "Program.Pair"))
# The first table comes after a second.
for _ in range(300):
    if snapshots("run.sizer") not in ("", "0"):
        break
    time.sleep(0.1)
terminal.type("w")
shows(terminal, "a copy of the profile is written", lambda screen: "written: " in screen.text() and ".top1.sizer" in screen.text())
copies = glob.glob("*.top1.sizer")
told = snapshots(copies[0]) if copies else "no copy"
verdict(told.isdigit() and told != "0", "which has snapshots", told)
terminal.type("?")
shows(terminal, "the keys", lambda screen: "quit" in screen.text())
terminal.type("?")
terminal.resize(120, 40)
shows(terminal, "a larger terminal is filled", lambda screen: row(screen, "Program.Leaf") and screen.lines()[39].startswith("q quit"))
held = subprocess.run([sizer, "attach", process, "why", "to=Leaf"], stdout=subprocess.PIPE, text=True).stdout
verdict("kept" in held, "attach tells who holds a leaf meanwhile", held)
# What was sent for the size before does not count, nor does the line about progress before the first table of a busy machine.
with terminal.lock:
    complaints = [text for text in terminal.screen.complaints if "too long" not in text and text != "unknown sequence K"]
verdict(not complaints, "nothing goes beyond the screen", complaints)
terminal.screen.complaints.clear()
# Whoever was forked meanwhile holds the pipe, too: it has no end.
host.stdin.write("end\n")
host.stdin.flush()
status = host.wait(60)
verdict(status == 14, "the program ends as it does", status)
shows(terminal, "the last table stays when the program is gone", lambda screen: "no new table" in screen.text() and row(screen, "Program.Leaf"))
terminal.type("q")
try:
    verdict(terminal.state() == "exited 0", "top ends")
    terminal.assert_restored()
    verdict(True, "and gives the terminal back")
except AssertionError as error:
    verdict(False, "and gives the terminal back", error)
