#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a fleet of profiles from a real one, and knows the truth about it.

    make_fleet.py BASE.sizer FOLDER PODS [--seed N] [--classes N] [--snapshots N] [--images] [--same]

The tables and pragmas of the real file stay; what was recorded is made up. Three services, each with as many processes of version 1.9 as of
1.10, which no reader may take for the number 1.1. What is planted, in version 1.10 unless said otherwise, is in FOLDER/truth.json:

  Shop.Session    grows in every process            Shop.Page        grows alike in both versions
  Shop.Watcher    is new, and grows                 Shop.Cart        wanders in both
  Shop.Catalogue  has instances of twice the size   Shop.ImportLog   leaks in a few processes of any version
  Shop.Flood      with --images: knots of it leak in every process, and tasks in Shop.flood(_:) pile up

With --same nothing differs between the versions.
"""
import argparse
import json
import math
import multiprocessing
import os
import random
import sqlite3

SERVICES = ["orders", "catalogue", "gateway"]
PLANTED = ["Shop.Session", "Shop.Watcher", "Shop.Page", "Shop.Catalogue", "Shop.Cart", "Shop.ImportLog", "Shop.Flood"]
KINDS = ["Swift._DictionaryStorage<Swift.String, Shop.Model%d>", "Swift._ContiguousArrayStorage<Shop.Model%d>", "Shop.Model%d", "NIOCore.Handler%d"]
START = 1_795_000_000


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("folder")
    parser.add_argument("pods", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--classes", type=int, default=60)
    parser.add_argument("--snapshots", type=int, default=12)
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--same", action="store_true")
    return parser.parse_args()


class Fleet:
    def __init__(self, options):
        self.options = options
        dice = random.Random(options.seed)
        others = [KINDS[number % 4] % number for number in range(options.classes - len(PLANTED))]
        self.names = PLANTED + others
        self.usual = {name: (round(math.exp(dice.gauss(5, 1.5))) + 1, 16 * dice.choice([2, 3, 6, 12, 40])) for name in others}
        self.usual |= {"Shop.Session": (1800, 208), "Shop.Watcher": (0, 96), "Shop.Page": (40, 3072), "Shop.Catalogue": (60, 5184),
                       "Shop.Cart": (500, 512), "Shop.ImportLog": (200, 96), "Shop.Flood": (0, 128)}
        self.template = self.emptied(options.base)

    def emptied(self, path):
        base, made = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(":memory:")
        base.backup(made)
        for (table,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            made.execute(f"DELETE FROM {table}")
        made.executemany("INSERT INTO texts VALUES (?, ?)", enumerate(self.names))
        made.commit()
        made.execute("VACUUM")
        self.columns = [row[1] for row in made.execute("PRAGMA table_info(snapshots)")]
        return made.serialize()

    def marks(self, number):
        """Service, version, pod and whether it leaks."""
        service, later = SERVICES[number % 3], (number // 3) % 2 == 1
        dice = random.Random(self.options.seed * 1_000_003 + number)
        leaks = not self.options.same and number % 31 == 11
        return dice, service, "1.10" if later else "1.9", f"{service}-{'7c9f' if later else '5d8b'}-{number:05d}", leaks

    def make(self, number):
        dice, service, version, pod, leaks = self.marks(number)
        later = version == "1.10" and not self.options.same
        load, pace = math.exp(dice.gauss(0, .35)), math.exp(dice.gauss(0, .4))
        missing = {name for name in self.names[len(PLANTED):] if dice.random() < .1}
        levels = {name: load * math.exp(dice.gauss(0, .12)) for name in self.names}
        database = sqlite3.connect(":memory:")
        database.deserialize(self.template)
        rows, images, time, wander = [], [], dice.random() * 5, 0
        for snapshot in range(self.options.snapshots):
            minutes, wander = time / 60, wander + dice.gauss(0, 30)
            last = snapshot == self.options.snapshots - 1
            here = {}
            for name in self.names:
                count, each = self.usual[name]
                if name in missing:
                    continue
                count = count * levels[name] * (1 + .03 * dice.gauss(0, 1))
                if name == "Shop.Session" and later: count += 300 * minutes * load * pace
                if name == "Shop.Watcher":
                    if not later: continue
                    count = 90 * (minutes + 1) * pace
                if name == "Shop.Page": count += 4 * minutes * load * pace
                if name == "Shop.Catalogue" and later: each *= 2
                if name == "Shop.Cart": count += wander
                if name == "Shop.ImportLog" and leaks: count += 900 * minutes
                if name == "Shop.Flood":
                    if not (later and self.options.images): continue
                    count = 50 * (minutes + 1)
                here[name] = (max(0, round(count)), each)
            rows += [(snapshot, name, count, count * each) for name, (count, each) in here.items()]
            tracked = sum(count * each for count, each in here.values())
            figures = dict.fromkeys(self.columns, 0) | {
                "id": snapshot, "label": "", "mode": "frozen", "error": None, "time": int(time * 1e9), "tracked": tracked,
                "resident": tracked + (48 << 20), "virtual": 3 * tracked + (48 << 20)}
            figures |= {key: None for key in self.columns if key.startswith(("ladder_", "cgroup_", "peak_"))}
            database.execute(f"INSERT INTO snapshots VALUES ({','.join('?' * len(self.columns))})", [figures[key] for key in self.columns])
            if last and self.options.images: images.append((snapshot, here, later))
            time += 60 + dice.gauss(0, 1)
        database.executemany(
            "INSERT INTO classes(id, snapshot, name, active, bytes, share) VALUES (?, ?, ?, ?, ?, 0)",
            ((row, snapshot, self.names.index(name), count, size) for row, (snapshot, name, count, size) in enumerate(rows)))
        for snapshot, here, later in images: self.add_image(database, snapshot, here, later)
        tags = {"service.name": service, "service.version": version, "k8s.pod.name": pod, "host.name": f"node-{number // 20:04d}",
                "process.pid": "1", "process.start_unix_nano": str((START + dice.randrange(86_400)) * 10 ** 9 + number)}
        database.executemany("INSERT INTO tags VALUES (?, ?)", tags.items())
        database.commit()
        folder = f"{self.options.folder}/{service}/{version}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{pod}.sizer", "wb") as file: file.write(database.serialize())
        database.close()

    def add_image(self, database, snapshot, here, later):
        """Only what SQL is asked of an image; its bytes would be as many again."""
        database.execute("INSERT INTO heap_images VALUES (0, ?, 0, 0, 0, 0, 0)", (snapshot,))
        database.executemany(
            "INSERT INTO heap_classes VALUES (?, 0, ?, ?, ?, 0, 0, 0, 0, ?)",
            ((row, name, count, count * each, count * each * 3) for row, (name, (count, each)) in enumerate(here.items())))
        leaks = [("suspected", "a1", 3, 6, 288, "Shop.Old\nShop.Knot", "Shop.Old -> Shop.Knot", "")]
        tasks = [("Shop.serve(_:)", "main", "suspended", 8, 800, 1600, "Shop.serve(_:)")]
        if later:
            leaks.append(("suspected", "b2", here["Shop.Flood"][0] // 2, here["Shop.Flood"][0], here["Shop.Flood"][0] * 128, "Shop.Flood", "Shop.Flood -> Shop.Flood", ""))
            tasks.append(("Shop.flood(_:)", "Shop.serve(_:)", "suspended", 40 + len(here), 9000, 64000, "Shop.flood(_:)"))
        database.executemany("INSERT INTO heap_leaks VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?)", ((row, *leak) for row, leak in enumerate(leaks)))
        database.executemany("INSERT INTO heap_tasks VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?)", ((row, *task) for row, task in enumerate(tasks)))

    def truth(self):
        growing = [] if self.options.same else ["Shop.Session", "Shop.Watcher"] + ["Shop.Flood"] * self.options.images
        leaking = [self.marks(number)[3] for number in range(self.options.pods) if self.marks(number)[4]]
        return {"growing": growing, "heavier": [] if self.options.same else growing + ["Shop.Catalogue"], "leaking": leaking}


def main():
    options = arguments()
    fleet = Fleet(options)
    os.makedirs(options.folder, exist_ok=True)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for _ in pool.imap_unordered(fleet.make, range(options.pods), 20): pass
    with open(f"{options.folder}/truth.json", "w", encoding="utf-8") as file: json.dump(fleet.truth(), file)


if __name__ == "__main__":
    main()
