# SPDX-License-Identifier: Apache-2.0
"""What CPython's collector costs for a shuffled tree, ns for each object: a title, a tab and a number in each line."""
import gc
import random
import sys
import time


class Node:
    __slots__ = ("left", "right", "value")

    def __init__(self, value):
        self.left = self.right = None
        self.value = value


def tree(count):
    nodes = [Node(number) for number in range(count)]
    random.Random(1).shuffle(nodes)
    for place, node in enumerate(nodes[1:], 1):
        parent = nodes[(place - 1) // 2]
        if place % 2:
            parent.left = node
        else:
            parent.right = node
    return nodes[0]


def fastest(job, count):
    times = []
    for _ in range(3):
        start = time.process_time_ns()
        job()
        times.append((time.process_time_ns() - start) / count)
    return min(times)


def histogram():
    counts = {}
    for thing in gc.get_objects():
        kind = type(thing)
        bytes = counts.get(kind, 0) + sys.getsizeof(thing)
        counts[kind] = bytes


def references():
    for thing in gc.get_objects():
        gc.get_referents(thing)


COUNT = int(sys.argv[1])
gc.disable()
root = tree(COUNT)
live = len(gc.get_objects())
print(f"CPython: types and sizes of {live:,} objects\t{fastest(histogram, live):.0f}")
print(f"CPython: the references of each\t{fastest(references, live):.0f}")
print(f"CPython: a collection that finds no garbage\t{fastest(gc.collect, live):.0f}")
