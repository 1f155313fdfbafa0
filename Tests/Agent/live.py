# SPDX-License-Identifier: Apache-2.0
"""Asks a program that runs, at its live socket, as a client does that knows nothing of Sizer, and compares what it says with what the
program counts itself. Tests/Agent/run starts it.

    python3 live.py SIZER OUTPUT|- PRELOAD|- PROGRAM

The program is Tests/Agent/AgentHost. Prints a line for each promise, "kept: …" or "BROKEN: …". With OUTPUT a profile is recorded, too.
"""
import atexit
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

import exports
from exports import fields, numbers

sizer, output, preload, program = sys.argv[1:]
name = os.path.basename(program)


def verdict(is_kept, what, found=""):
    print(("kept: " if is_kept else "BROKEN: ") + f"{name}, live: {what}")
    if not is_kept:
        print("  found:", str(found)[:600])
    sys.stdout.flush()


def same(expected, found, what):
    verdict(expected == found, what, f"{found!r} and not {expected!r}")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sizer", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(path, target, method="GET"):
    connection = Connection(path)
    connection.request(method, target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type"), body


def tell(path, target, method="GET"):
    status, kind, body = ask(path, target, method)
    return json.loads(body) if status == 200 and kind == "application/json" and body.endswith(b"}\n") else {"status": status, "body": body}


class Program:
    """What runs, and its own counts."""

    def __init__(self, way, *more, path="live.%p"):
        environment = dict(os.environ, SIZER_SOCKET=path, SWIFT_BACKTRACE="enable=no", ASAN_OPTIONS="detect_leaks=0", **dict(more))
        environment.pop("LD_PRELOAD", None)
        if preload != "-":
            environment["LD_PRELOAD"] = preload
        if output != "-":
            environment["SIZER_OUTPUT"] = output
        os.umask(0)  # nothing that the program's mask leaves open may be open
        self.child = subprocess.Popen([program, "137", way], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        # Whatever goes wrong here, nothing is left to run on.
        atexit.register(self.child.kill)
        self.socket = os.path.abspath(path.replace("%p", str(self.child.pid)))
        self.counts = self.read()

    def read(self):
        return {word: int(count) for word, count in (self.child.stdout.readline().split() for _ in range(2))}

    def say(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()
        return self.read()

    def end(self):
        self.child.stdin.close()
        status = self.child.wait(60)
        return status, self.child.stderr.read()


def counts(classes, key="type", count="count"):
    return {word: sum(one[count] for one in classes if re.search(r"\b\w+\." + word + "$", one[key])) for word in ("Leaf", "Pair")}


def metrics(text):
    """The text format of Prometheus, version 0.0.4, by its grammar."""
    found, kind = {}, None
    for line in text.splitlines():
        comment = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
        sample = re.fullmatch(r'([a-z_]+)(?:\{([a-z]+)="((?:[^"\\]|\\["\\n])*)"\})? (-?[0-9]+(?:\.[0-9]+)?)', line)
        if comment and comment[1] == "TYPE":
            kind = comment[2]
        elif sample and sample[1].removesuffix("_sum").removesuffix("_count") == kind or sample and sample[1] == kind:
            key = (sample[1], sample[3])
            if key in found:
                return {"twice": key}
            found[key] = float(sample[4])
        elif not comment:
            return {"not understood": line}
    return found


def try_leaks(host, leaks):
    """Every pair leaks and none is only suspected. A variable of a library's may by chance show one pair: then who shows it has to be said."""
    objects = {grade: sum(leak["objects"] for leak in leaks if leak["grade"] == grade) for grade in ("proved", "visible", "suspected")}
    seen = [observer for leak in leaks if leak["grade"] == "visible" for observer in leak["observers"]]
    if seen:
        print(f"seen: {seen}")
    same((host.counts["Pair"], 0), (objects["proved"] + objects["visible"], objects["suspected"]), "every pair leaks, none is only suspected")
    verdict(objects["visible"] <= 2 and len(seen) * 2 == objects["visible"], "all are proved but what a variable shows", leaks)


def try_verbs(host):
    path = host.socket
    mode = os.lstat(path)
    same((True, 0o600), (stat.S_ISSOCK(mode.st_mode), stat.S_IMODE(mode.st_mode)), "the socket is its owner's alone")
    listed = tell(path, "/")
    same(host.child.pid, listed.get("process"), "it says which process it is")
    same(os.path.realpath(program), os.path.realpath(listed.get("program", "")), "and which program")
    classes = tell(path, "/classes")
    same(host.counts, counts(classes.get("classes", [])), "classes are the program's own counts")
    same((classes["objects"], classes["bytes"]),
         tuple(sum(one[key] for one in classes["classes"]) + classes["others"][key] for key in ("count", "bytes")), "the sum is that of the parts")
    same(classes["resident"], sum(one["bytes"] for one in classes["ladder"]), "so is that of the ladder")
    verdict(abs(time.time() - classes["secondsSince1970"]) < 60 and classes["pauseMicroseconds"] > 0, "when it was, and the pause", classes)
    few = tell(path, "/classes?limit=2")
    same((2, few["objects"]), (len(few["classes"]), sum(one["count"] for one in few["classes"]) + few["others"]["count"]), "a limit leaves the sum")
    host.counts = host.say("more")
    same(host.counts, counts(tell(path, "/classes?limit=10000")["classes"]), "what came since is seen")
    leaks = [leak for leak in tell(path, "/leaks").get("leaks", []) if any(one.endswith(".Pair") for one in leak["types"])]
    try_leaks(host, leaks)
    verdict("kept" in str(tell(path, "/why?to=Leaf").get("root")), "who holds a leaf", tell(path, "/why?to=Leaf"))
    # A task that was made need not have come to where it waits.
    for _ in range(20):
        tasks = [one for one in tell(path, "/tasks").get("tasks", []) if "nap()" in one["frames"]]
        if sum(one["count"] for one in tasks) == 5:
            break
        time.sleep(0.2)
    same((5, {"suspended"}), (sum(one["count"] for one in tasks), {one["state"] for one in tasks}), "tasks that wait, and where")
    retained = tell(path, "/retained?limit=10000").get("classes", [])
    verdict(any(one["type"].endswith(".Leaf>") and one["retainedBytes"] > 16 * host.counts["Leaf"] for one in retained), "what the dictionary keeps alive", retained)
    status, kind, body = ask(path, "/metrics")
    found = metrics(body.decode())
    same({word: found.get(("sizer_class_objects", next((k[1] for k in found if k[0] == "sizer_class_objects" and k[1].endswith("." + word)), None)))
          for word in host.counts}, {word: float(count) for word, count in host.counts.items()}, "metrics have the same counts")
    verdict(kind == "text/plain; version=0.0.4; charset=utf-8" and found.get(("sizer_pause_seconds_count", None), 0) >= 4, "and the pauses", found)
    same("replaced", tell(path, "/capabilities")["allocationHook"]["state"], "what works")
    same({"isLockFree": True, "reason": ""}, tell(path, "/capabilities")["tracking"], "births and deaths take no locks")
    states = {one["name"]: one["state"] for one in tell(path, "/capabilities")["runtime"]}
    # A preloaded agent has a standard library of its own, whose values are not the program's.
    collections = "holds" if preload == "-" else "unchecked"
    same({"object headers": "holds", "ends of objects": "holds", "reference counts": "holds", "side tables": "holds", "boxes": "holds",
          "error boxes": "holds", "tasks": "holds", "arrays": collections, "dictionaries": collections, "sets": collections,
          "strings": collections}, states, "what of the program's Swift is as expected, and what could not be asked")


def try_pprof(host):
    path = host.socket
    if not tell(path, "/capabilities")["stackCapture"]["isAvailable"]:
        return
    same(409, ask(path, "/debug/pprof/heap")[0], "without stacks there is nothing for pprof")
    tell(path, "/track?class=*.Pair&trace=1", "POST")
    before = host.counts["Pair"]
    host.counts = host.say("more")
    profile = fields(ask(path, "/debug/pprof/heap")[2])
    texts = [text.decode() for text in profile[6]]
    functions = {one[1][0]: texts[one[2][0]] for one in map(fields, profile[5])}
    locations = {one[1][0]: [functions[fields(line)[1][0]] for line in one.get(4, [])] for one in map(fields, profile[4])}
    count, makers = 0, set()
    for sample in map(fields, profile[2]):
        labels = {texts[label[1][0]]: texts[label[2][0]] for label in map(fields, sample[3])}
        assert labels["class"] == labels["module"] + ".Pair", labels
        calls = []
        count += next(numbers(sample[2][0]))
        for location in numbers(sample[1][0]):
            calls += locations[location]
        makers.add(any(call.startswith("make(_:keeps:)") for call in calls))
    same(host.counts["Pair"] - before, count, "pprof has those that came")
    verdict(makers == {True}, "and who made them", locations)
    try_exports_of_births(host, host.counts["Pair"] - before)
    tell(path, "/track?class=*.Pair", "DELETE")


def try_exports_of_births(host, count):
    """What is tracked with its stack, read by the programs that it is for."""
    status, kind, body = ask(host.socket, "/export?format=pprof")
    same((200, "application/octet-stream"), (status, kind), "an export for pprof")
    found = exports.pprof(body, "inuse_objects")
    same(count, sum(found.values()), "go tool pprof has those that came")
    tags = exports.pprof_tags(body)
    same(count, sum(number for name, number in tags.get("class", {}).items() if name.endswith(".Pair")), "and their class as a label")
    same({name.rsplit(".", 1)[0] for name in tags.get("class", {})}, set(tags.get("module", {})), "and its module")
    verdict(f"process.pid={host.child.pid}" in exports.pprof_comments(body), "and whose they are", exports.pprof_comments(body))
    history = ask(host.socket, "/export?format=heaptrack")[2].decode()
    events = [line[0] for line in history.splitlines() if line[0] in "+-"]
    same(host.tracked + count, events.count("+") - events.count("-"), "for heaptrack, what was tracked and lives")
    verdict(f"process.pid={host.child.pid}" in history.splitlines()[1], "and whose it is", history.splitlines()[1])


def try_exports(host):
    path = host.socket
    # ThreadSanitizer's shadow memory makes each image take ten seconds: some forms will do.
    asked = exports.OF_IMAGES if not name.endswith("_thread") else ["heapsnapshot", "otlp", "dot"]
    forms = {form: ask(path, f"/export?format={form}") for form in asked}
    same({form: 200 for form in forms}, {form: answer[0] for form, answer in forms.items()}, "exports are answered")
    for form, (_, _, body) in forms.items():
        if form == "collapsed":  # Each line is a stack: there is no room for more.
            expected = counts(tell(path, "/classes?limit=10000")["classes"], count="bytes")
            same(expected, counts(exports.collapsed(body), count="bytes"), "collapsed stacks have the same bytes as the classes")
            continue
        verdict(str(host.child.pid) in exports.origin(form, body), f"{form} says whose it is", exports.origin(form, body))
        if form in exports.COUNTED:
            same(host.counts, counts(exports.objects(form, body)), f"{form} has the program's own counts")
    for what, source in (("a socket", path), ("its address", "unix:" + path)):
        made = subprocess.run([sizer, "export", source, "--format", "heapsnapshot"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        same(host.counts, counts(exports.objects("heapsnapshot", made.stdout)), f"sizer export takes {what}")
    drawn = subprocess.run([sizer, "attach", str(host.child.pid), "export", "format=dot"], stdout=subprocess.PIPE, text=True).stdout
    leaves = re.findall(r'label="\w+\.Leaf\\n(?:([0-9,]+) objects, )?', drawn)
    same(host.counts["Leaf"], sum(int(count.replace(",", "") or 1) for count in leaves), "sizer attach exports, too")


def try_tracking(host):
    path = host.socket
    same(["*.Lea*"], tell(path, "/track?class=*.Lea*", "POST").get("tracked"), "a class is tracked by its name")
    before = host.counts["Leaf"]
    host.counts = host.say("more")
    host.tracked = host.counts["Leaf"] - before
    snapshot = tell(path, "/snapshot?label=a%20b", "POST")
    same(("a b", host.counts["Leaf"] - before), (snapshot.get("label"), counts(snapshot["classes"], "name", "active")["Leaf"]), "a snapshot has those that came")
    same(output != "-", snapshot["isRecorded"], "and says whether it is recorded")
    same([], tell(path, "/track?class=*.Lea*", "DELETE").get("tracked"), "and no longer")
    same(404, ask(path, "/track?class=*.Lea*", "DELETE")[0], "nothing is untracked twice")


def try_files(host):
    status, kind, image = ask(host.socket, "/heap")
    with open("live.heap", "wb") as file:
        file.write(image)
    read = json.loads(subprocess.run([sizer, "heap", "--json", "--limit", "10000", "live.heap"], stdout=subprocess.PIPE).stdout or "{}")
    same(host.counts, counts(read.get("types", []), "name"), "the heap image is one that sizer reads")
    status, kind, profile = ask(host.socket, "/profile.sizer")
    if output == "-":
        same(409, status, "without a recording there is no profile")
        verdict(b"SIZER_OUTPUT" in profile, "and it says what to do", profile)
        return
    with open("live.profile", "wb") as file:
        file.write(profile)
    same(b"\1\1", profile[18:20], "the copy of the recording is one file, without a log")
    rows = subprocess.run([sizer, "sql", "live.profile", "--csv", "select count(*) from snapshots where label = 'a b'"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    same("1", rows.split("\n")[-2] if "\n" in rows else rows, "it has the snapshot that was asked for")
    same("ok", subprocess.run([sizer, "sql", "live.profile", "--csv", "select 'ok'"], stdout=subprocess.PIPE, text=True).stdout.split("\n")[-2], "and is whole")
    verdict(not [file for file in os.listdir(".") if file.endswith(".tmp")], "nothing is left beside the recording", os.listdir("."))


def try_clients(host):
    path = host.socket
    for target, method, status in (("/nothing", "GET", 404), ("/classes?limit=0", "GET", 400), ("/classes?x=1", "GET", 400), ("/why", "GET", 400),
                                   ("/why?to=No.Such", "GET", 404), ("/why?to=0x10", "GET", 404), ("/export", "GET", 400), ("/export?format=xml", "GET", 400), ("/classes", "POST", 405), ("/track?class=a%3Cb", "POST", 400)):
        found, _, body = ask(path, target, method)
        same((status, 1, True), (found, body.count(b"\n"), bool(json.loads(body)["error"])), f"{method} {target} is told in one line")
    status, _, body = ask(path, "/classes", "HEAD")
    same((200, b""), (status, body), "HEAD is answered as GET is, without a body")
    idle = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for one in idle:
        one.connect(path)
    for _ in range(20):
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.send(os.urandom(3000))
        client.close()
    gone = socket.socket(socket.AF_UNIX)
    gone.connect(path)
    gone.send(b"GET /heap HTTP/1.0\r\n\r\n")
    gone.close()
    attached = subprocess.run([sizer, "attach", str(host.child.pid), "classes", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    same(host.counts, counts(json.loads(attached.stdout or "{}").get("classes", [])), "who hangs, and rubbish, keep nobody from sizer attach")
    if shutil.which("curl"):
        curled = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://x/classes"], stdout=subprocess.PIPE, text=True).stdout
        same(host.counts, counts(json.loads(curled or "{}").get("classes", [])), "nor from curl")
    if os.getuid() == 0:
        # The file's mode keeps others away; and where somebody opens it to them, the peer's number does.
        def try_as_nobody():
            os.setuid(65534)
            client = socket.socket(socket.AF_UNIX)
            try:
                client.connect(path)
                client.send(b"GET / HTTP/1.0\r\n\r\n")
                os._exit(1 if client.recv(10) else 2)
            except PermissionError:
                os._exit(3)
            except OSError:
                os._exit(2)
        for mode, expected in ((0o600, 3), (0o666, 2)):
            os.chmod(path, mode)
            os.chmod(".", 0o755)
            os.chmod("..", 0o755)
            child = os.fork()
            if child == 0:
                try_as_nobody()
            same(expected, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), f"another user gets nothing, mode {mode:o}")
    same(host.counts, host.say(""), "the program goes on")


def try_ends(host):
    path = host.socket
    second = Program("asks", path=path)
    verdict("is another process's, which listens there" in second.end()[1], "a socket in use is refused in one line")
    same(host.child.pid, tell(path, "/").get("process"), "and stays whose it is")
    same((14, ""), host.end(), "the program ends as it does, and nothing is complained of")
    same(False, os.path.exists(path), "the socket is gone")
    killed = Program("asks", path="live.socket")
    killed.child.kill()
    killed.child.wait()
    same(True, os.path.exists("live.socket"), "of a killed one it is left")
    third = Program("asks", path="live.socket")
    same(third.child.pid, tell(third.socket, "/").get("process"), "and replaced by the next")
    third.child.send_signal(signal.SIGTERM)
    same(-15, third.child.wait(60), "SIGTERM ends it")
    same(False, os.path.exists("live.socket"), "and the socket is gone then, too")


def try_children():
    host = Program("leaves")
    child = int(host.child.stdout.readline().split()[1])
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(host.socket)
    same(host.child.pid, tell(host.socket, "/").get("process"), "a program that forked is asked")
    same(13, host.child.wait(60), "it ends")
    try:
        same(b"", client.recv(1), "a child does not hold its connections")
    except ConnectionResetError:
        verdict(True, "a child does not hold its connections")
    except TimeoutError as error:
        verdict(False, "a child does not hold its connections", error)
    try:
        socket.socket(socket.AF_UNIX).connect(host.socket)
        verdict(False, "nor its socket")
    except ConnectionRefusedError:
        verdict(True, "nor its socket")
    os.kill(child, signal.SIGKILL)


host = Program("asks")
try_verbs(host)
try_tracking(host)
try_pprof(host)
try_exports(host)
try_files(host)
try_clients(host)
try_ends(host)
try_children()
