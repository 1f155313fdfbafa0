# SPDX-License-Identifier: Apache-2.0
"""Loads an HTTP server at a UNIX socket with eight clients at a time, and says what its answers were, each once.

    python3 load.py SOCKET CONNECTIONS REQUESTS

CONNECTIONS is a multiple of eight, REQUESTS are those of each connection.
"""
import http.client
import socket
import sys
import threading

path, connections, requests = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
CLIENTS = 8
answers = set()


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)


def client():
    for _ in range(connections // CLIENTS):
        connection = Connection("server")
        for _ in range(requests):
            connection.request("POST", "/dynamic/echo", body=b"x" * 100)
            answer = connection.getresponse()
            answers.add((answer.status, answer.read().decode()))
        connection.close()


clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
for one in clients:
    one.start()
for one in clients:
    one.join()
print(*(f"{status} {len(body)} {body[:1]}" for status, body in answers))
