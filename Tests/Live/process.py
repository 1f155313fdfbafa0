# SPDX-License-Identifier: Apache-2.0
"""A process with a live socket that is none: it answers with figures that a test makes up."""
import json
import os
import socket
import threading


def table(number, process=4711, classes=None):
    """The table of that number: a second passes from one to the next, sessions grow and caches shrink."""
    if classes is None:
        classes = [
            ("App.Session", 100 + 10 * number, 40_000 + 4_000 * number),
            ("App.Cache", 50 - number, 30_000 - 600 * number),
            ("Swift._DictionaryStorage<Swift.String, Any>", 7, 2_000),
            ("App.\u6f22\u5b57\u6f22\u5b57", 3, 480),
            ("App.\x1b[2Jevil\nname\u202e", 2, 320),
        ] + [(f"App.Small{index:02}", 1, 300 - index) for index in range(40)]
    objects = sum(count for _, count, _ in classes)
    size = sum(size for _, _, size in classes)
    return {
        "program": "/srv/shop server", "process": process, "secondsSince1970": 1_700_000_000.5 + number, "pauseMicroseconds": 1_234,
        "objects": objects, "bytes": size,
        "classes": [
            {"type": name, "count": count, "bytes": size, "requestedBytes": size - 1, "unusedCapacityBytes": 5} for name, count, size in classes
        ],
        "others": {"types": 0, "count": 0, "bytes": 0},
        "ladder": [{"name": "Swift objects", "bytes": size}, {"name": "rest", "bytes": 20_000_000 - size}],
        "resident": 20_000_000 + 1_048_576 * number,
    }


TASKS = {
    "tasks": [
        {"creator": "App.accept()", "state": "suspended", "count": 12, "bytes": 2_400, "retainedBytes": 90_000, "frames": ["App.read()", "App.accept()"]},
        {"creator": None, "state": "running", "count": 1, "bytes": 9_000, "retainedBytes": 9_000, "frames": []},
    ]
}
RETAINED = {"classes": [{"type": "App.Cache", "retainedBytes": 7_340_032}, {"type": "App.Session", "retainedBytes": 41_000}]}
PROFILE = b"SQLite format 3\0" + bytes(range(256)) * 8


class Process:
    """Listens at `path` until it is killed. `asked` has the target of each request."""

    def __init__(self, path, answers=None, process=4711):
        self.path, self.asked, self.number, self.process = path, [], 0, process
        self.answers = answers or {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def kill(self):
        # A thread that waits for a connection keeps the socket open: it is woken first.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    def count(self, target):
        return sum(asked.startswith(target) for asked in self.asked)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(4096)
            if not piece:
                return
            request += piece
        target = request.split()[1].decode()
        self.asked.append(target)
        status, body = self.body(target.split("?")[0])
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    def body(self, target):
        if target in self.answers:
            status, answer = self.answers[target]()
            return status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if target == "/classes":
            self.number += 1
            return "200 OK", json.dumps(table(self.number - 1, self.process)).encode()
        if target == "/profile.sizer":
            return "200 OK", PROFILE
        known = {"/tasks": TASKS, "/retained": RETAINED}
        if target in known:
            return "200 OK", json.dumps(known[target]).encode()
        return "404 Not Found", json.dumps({"error": "there is no " + target}).encode()
