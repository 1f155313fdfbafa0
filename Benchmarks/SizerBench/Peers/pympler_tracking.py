# SPDX-License-Identifier: Apache-2.0
"""What pympler's ClassTracker costs, ns: a title, a tab and a number in each line. Says nothing where pympler is not installed."""
import sys
import time

try:
    from pympler.classtracker import ClassTracker
except ImportError:
    sys.exit(0)

COUNT = 3_000


def make_class():
    class Pair:
        def __init__(self, number):
            self.first = number
            self.second = ~number

    return Pair


def churn(pair):
    start = time.perf_counter_ns()
    for number in range(COUNT):
        pair(number)
    return (time.perf_counter_ns() - start) / COUNT


def tracked(trace):
    pair, tracker = make_class(), ClassTracker()
    plain = churn(pair)
    tracker.track_class(pair, trace=trace)
    watched = churn(pair)
    tracker.close()
    return watched - plain


def snapshots():
    pair, tracker = make_class(), ClassTracker()
    tracker.track_class(pair)
    kept = [pair(number) for number in range(COUNT)]
    times = []
    for _ in range(3):
        start = time.perf_counter_ns()
        tracker.create_snapshot()
        times.append((time.perf_counter_ns() - start) / len(kept))
    tracker.close()
    return sorted(times)[1]


print(f"a tracked object made and freed, over one that is not\t{tracked(False):.0f}")
print(f"the same with a trace\t{tracked(True):.0f}")
print(f"a snapshot, for each of {COUNT:,} living objects\t{snapshots():.0f}")
