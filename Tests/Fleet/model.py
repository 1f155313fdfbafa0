# SPDX-License-Identifier: Apache-2.0
"""What the questions of Fleet/ must answer, computed from the profiles themselves by other means: Python's sqlite3 and its arithmetic. A class that a
process does not have is filled in with zeros here, which the SQL never does."""
import csv
import math
import pathlib
import sqlite3
import statistics

HEAD = ["service", "version", "pod", "host", "start", "snapshot", "time", "class", "active", "bytes", "retained", "last", "kind", "file"]


class Process:
    def __init__(self, path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        tags = dict(database.execute("SELECT key, value FROM tags"))
        self.service, self.version = tags.get("service.name", ""), tags.get("service.version", "")
        self.pod, self.host, self.start = tags.get("k8s.pod.name", path.name), tags.get("host.name", ""), tags.get("process.start_unix_nano", "")
        self.path = path
        self.times = [time for (time,) in database.execute("SELECT time FROM snapshots ORDER BY id")]
        self.retained = {row[:2]: row[2] for row in database.execute(
            "SELECT i.snapshot, c.type, c.retained FROM heap_classes c JOIN heap_images i ON i.id = c.image")}
        self.rows = database.execute(
            "SELECT c.snapshot, t.text, c.active, c.bytes FROM classes c JOIN texts t ON t.id = c.name ORDER BY c.id").fetchall()
        database.close()
        self.bytes = {(snapshot, name): size for snapshot, name, _, size in self.rows}
        self.active = {(snapshot, name): count for snapshot, name, count, _ in self.rows}
        self.last = self.rows[-1][0] if self.rows else -1

    def cells(self):
        for snapshot, name, active, size in self.rows:
            time = self.times[snapshot]
            yield [self.service, self.version, self.pod, self.host, self.start, str(snapshot), f"{time // 10**9}.{time % 10**9:09d}", name, str(active), str(size),
                   str(self.retained.get((snapshot, name), "")), "true" if snapshot == self.last else "false", "tracked", str(self.path)]

    def slope(self, name):
        """Bytes an hour."""
        times = [time / 1e9 for time in self.times]
        sizes = [self.bytes.get((snapshot, name), 0) for snapshot in range(len(times))]
        return 3600 * statistics.linear_regression(times, sizes).slope

    def final(self, name): return self.bytes.get((self.last, name), 0)

    def each(self, name):
        count = self.active.get((self.last, name), 0)
        return self.final(name) / count if count else None


def processes(folder): return [Process(path) for path in sorted(pathlib.Path(folder).rglob("*.sizer"))]


def written(path):
    with open(path, newline="", encoding="utf-8") as file: return list(csv.reader(file, strict=True))


def quantile(z, freedom):
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def welch(ones, others, z=4):
    """The difference of two means and how far it may be off; None where nothing is said."""
    if min(len(ones), len(others)) < 10: return None
    parts = [statistics.variance(side) / len(side) for side in (ones, others)]
    error = math.sqrt(sum(parts))
    freedom = sum(parts)**2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (ones, others))) if error else math.inf
    return statistics.fmean(others) - statistics.fmean(ones), quantile(z, freedom) * error


def sides(fleet, service, a, b):
    chosen = [process for process in fleet if process.service == service]
    ones, others = ([process for process in chosen if process.version == version] for version in (a, b))
    return ones, others, sorted({name for process in ones + others for _, name, _, _ in process.rows})


def growth(fleet, service, a, b):
    ones, others, names = sides(fleet, service, a, b)
    rows = []
    for name in names:
        slopes = [process.slope(name) for process in ones], [process.slope(name) for process in others]
        judged = welch(*slopes)
        if judged and judged[0] > judged[1]:
            rows.append([name, len(ones), len(others), statistics.fmean(slopes[0]), statistics.fmean(slopes[1]), judged[0] - judged[1], sum(judged),
                         100 * sum(slope > 0 for slope in slopes[1]) / len(others)])
    return sorted(rows, key=lambda row: -row[5])


def level(fleet, service, a, b):
    ones, others, names = sides(fleet, service, a, b)
    rows = []
    for name in names:
        weights = [process.final(name) for process in ones], [process.final(name) for process in others]
        each = [[value for value in map(lambda process: process.each(name), side) if value is not None] for side in (ones, others)]
        judged, larger = welch(*weights), welch(*each)
        is_larger = larger and larger[0] > max(larger[1], statistics.fmean(each[0]) / 200)
        if judged and (judged[0] > judged[1] or is_larger):
            rows.append([name, len(ones), len(others), statistics.fmean(each[0]) if each[0] else None, statistics.fmean(each[1]) if each[1] else None,
                         statistics.fmean(weights[0]), statistics.fmean(weights[1]), judged[0] - judged[1], sum(judged)])
    return sorted(rows, key=lambda row: -row[7])


def top(fleet, service):
    chosen = [process for process in fleet if process.service == service]
    rows = []
    for name in {name for process in chosen for snapshot, name, _, _ in process.rows if snapshot == process.last}:
        sizes = sorted(process.final(name) for process in chosen)
        rank = lambda percent: sizes[-(-percent * len(sizes) // 100) - 1]
        rows.append([name, len(sizes), sum(size > 0 for size in sizes), rank(50), rank(95), sizes[-1], sum(sizes)])
    return sorted(rows, key=lambda row: (-row[4], -row[6], row[0]))[:20]


def differ(fleet, deviations=6, least=200_000):
    rows = []
    for kind in {(process.service, process.version) for process in fleet}:
        chosen = [process for process in fleet if (process.service, process.version) == kind]
        sizes = {}
        for process in chosen:
            for snapshot, name, _, size in process.rows:
                if snapshot == process.last and size > 0: sizes.setdefault(name, {})[process.pod] = math.log(size)
        middle = {name: statistics.median(of.values()) for name, of in sizes.items() if len(of) >= 10}
        load = {process.pod: statistics.median(sizes[name][process.pod] - middle[name] for name in middle if process.pod in sizes[name]) for process in chosen}
        for name in middle:
            left = {pod: size - middle[name] - load[pod] for pod, size in sizes[name].items()}
            spread = max(1.4826 * statistics.median(map(abs, left.values())), 0.005)
            for process in chosen:
                if process.pod not in left: continue
                expected = math.exp(middle[name] + load[process.pod])
                if left[process.pod] / spread > deviations and process.final(name) - expected > least:
                    rows.append([*kind, process.pod, name, process.final(name), expected, left[process.pod] / spread, str(process.path)])
    return sorted(rows, key=lambda row: -(row[4] - row[5]))


def alike(found, expected):
    """Rows of an engine and of the model: texts are the same, figures within a unit or a millionth."""
    def same(one, other):
        if one is None or other is None or isinstance(one, str): return one == other
        return abs(one - other) <= max(0.51, 1e-6 * abs(other))
    return len(found) == len(expected) and all(len(one) == len(other) and all(map(same, one, other)) for one, other in zip(found, expected))
