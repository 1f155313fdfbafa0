# SPDX-License-Identifier: Apache-2.0
"""Scrapes a living program as Fleet/collector.yaml and Fleet/bridge.conf say, with a real Prometheus behind a real nginx, and compares what
that answers with what the program counts itself. Tests/Fleet/run starts it: live.py HOST ROOM, the host being Tests/Agent/AgentHost."""
import atexit
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import time
import urllib.parse

import yaml

HOST, ROOM = sys.argv[1], pathlib.Path(sys.argv[2])
FLEET = pathlib.Path(__file__).resolve().parent.parent.parent / "Fleet"
# What is waited for comes within some seconds. It is waited for this long, for a machine may be busy.
PATIENCE = 60


def verdict(is_kept, what, *evidence):
    print(f"{'kept' if is_kept else 'BROKEN'}: {what}", flush=True)
    if not is_kept:
        for each in evidence: print("  " + str(each)[:2000])


def free_address():
    """On an address of the loopback network that nobody else has: a port that is free there stays free."""
    address = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
    with socket.socket() as probe:
        probe.bind((address, 0))
        return "%s:%d" % probe.getsockname()


def start(*command, name, **more):
    """Runs until this ends, at the latest."""
    log = open(ROOM / f"{name}.log", "wb")
    child = subprocess.Popen([str(word) for word in command], stdout=more.pop("stdout", log), stderr=log, **more)
    atexit.register(lambda: (child.kill(), child.wait()))
    return child


def request(address, target, method="GET"):
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request(method, target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def await_answer(ask, is_right):
    """The first right answer, or the last one."""
    end, found = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            found = ask()
            if is_right(found): break
        except OSError as error:
            found = error
        time.sleep(0.1)
    return found


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Program:
    def __init__(self):
        self.socket = ROOM / "server.socket"
        self.child = start(HOST, "137", "asks", name="host", env=dict(os.environ, SIZER_SOCKET=str(self.socket)),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.counts = self.read()

    def read(self):
        return {word: int(count) for word, count in (self.child.stdout.readline().split() for _ in range(2))}

    def say(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()
        self.counts = self.read()


def track_pairs(program):
    """By the socket itself, as the bridge lets nobody do it."""
    connection = http.client.HTTPConnection("sizer", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(program.socket))
    connection.request("POST", "/track?class=*.Pair&trace=1")
    assert connection.getresponse().status == 200


# ---- The parts ----

def start_bridge(program):
    address = free_address()
    text = replaced((FLEET / "bridge.conf").read_text(), ("127.0.0.1:9464", address), ("/sizer/server.socket", str(program.socket)),
                    ("/tmp/bridge", f"{ROOM}/bridge"))
    (ROOM / "bridge.conf").write_text(text)
    # One process: it stays this user's, and leaves no worker behind.
    start("nginx", "-c", ROOM / "bridge.conf", "-e", "stderr", "-g", "master_process off;", name="bridge")
    status = await_answer(lambda: request(address, "/metrics?limit=20")[0], lambda status: status == 200)
    verdict(status == 200, "the bridge lets metrics through", status, (ROOM / "bridge.log").read_text())
    for method, target, expected in [("GET", "/heap", 404), ("GET", "/profile.sizer", 404), ("GET", "/metrics/../heap", 404), ("POST", "/metrics", 403),
                                     ("POST", "/track?class=*", 404), ("DELETE", "/debug/pprof/heap", 403)]:
        status, body = request(address, target, method)
        verdict(status == expected and b"nginx" in body, f"the bridge keeps back {method} {target}", status, body)
    return address


def scraped(bridge):
    """What stands in collector.yaml for Prometheus, checked by its own program, and with this bridge every 2 s."""
    collector = yaml.safe_load((FLEET / "collector.yaml").read_text())
    for name, pipeline in collector["service"]["pipelines"].items():
        defined = all(one in collector[kind] for kind in ("receivers", "processors", "exporters") for one in pipeline[kind])
        verdict(defined, f"collector.yaml defines all that its pipeline of {name} names", pipeline)
    text = yaml.safe_dump(collector["receivers"]["prometheus"]["config"])
    (ROOM / "written.yml").write_text(text)
    check = subprocess.run(["promtool", "check", "config", ROOM / "written.yml"], capture_output=True, text=True)
    verdict(check.returncode == 0, "promtool takes the receiver's part of collector.yaml", check)
    path = ROOM / "prometheus.yml"
    path.write_text(replaced(text, ("127.0.0.1:9464", bridge), ("scrape_interval: 60s", "scrape_interval: 2s"),
                             ("scrape_timeout: 30s", "scrape_timeout: 2s")))
    return path


class Prometheus:
    def __init__(self, config):
        self.address = free_address()
        start("prometheus", f"--config.file={config}", f"--storage.tsdb.path={ROOM}/series", f"--web.listen-address={self.address}", name="prometheus")

    def ask(self, query):
        status, body = request(self.address, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        return [(one["metric"], float(one["value"][1])) for one in json.loads(body)["data"]["result"]] if status == 200 else []

    def counts(self):
        found = {}
        for metric, value in self.ask('sizer_class_objects{job="orders"}'):
            word = re.search(r"\w+$", metric["class"])
            if word and word[0] in ("Leaf", "Pair"): found[word[0]] = int(value)
        return found


def try_counts(program, prometheus):
    for when in ("", ", a moment later too"):
        found = await_answer(prometheus.counts, lambda found: found == program.counts)
        verdict(found == program.counts, f"Prometheus answers with the program's own counts{when}", found, program.counts, (ROOM / "prometheus.log").read_text())
        program.say("more")
    parts = "sum(sizer_memory_bytes) == bool scalar(sizer_resident_bytes)"
    for query, expected in [("up", 1), ("count(sizer_class_bytes)", 20), ("count(sizer_class_objects)", 20), (parts, 1)]:
        found = await_answer(lambda: prometheus.ask(query), lambda found: [value for _, value in found] == [expected])
        verdict([value for _, value in found] == [expected], f"{query} is {expected}", found)


def try_pprof(program, bridge):
    before = program.counts["Pair"]
    track_pairs(program)
    program.say("more")
    top = subprocess.run(["go", "tool", "pprof", "-top", "-cum", "-sample_index=inuse_objects", f"http://{bridge}/debug/pprof/heap"],
                         capture_output=True, text=True, env=dict(os.environ, PPROF_TMPDIR=str(ROOM)), timeout=PATIENCE)
    made = [line.split()[3] for line in top.stdout.splitlines() if re.search(r" make\b", line)]
    verdict(made == [str(program.counts["Pair"] - before)], "go tool pprof reads through the bridge who made how many", top)


def main():
    program = Program()
    bridge = start_bridge(program)
    prometheus = Prometheus(scraped(bridge))
    try_counts(program, prometheus)
    try_pprof(program, bridge)


main()
