# SPDX-License-Identifier: Apache-2.0
"""Compares what other programs say of exported files with what is in the heap images and profiles. Called by Tests/Exports/run.

Usage: check.py FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys

import heaptrack
import massif
import results
import telemetry
from results import equal


def pprof(*arguments):
  return subprocess.run(["go", "tool", "pprof", *arguments], check=True, capture_output=True, text=True).stdout


def top(unit, *arguments):
  """Flat and cumulated figures by name: of `flat flat% sum% cum cum% name` the first, the fourth and the rest."""
  rows = {}
  for line in pprof("-top", "-nodecount=1000", "-nodefraction=0", f"-unit={unit}", *arguments).splitlines():
    row = re.match(r"\s*(-?\d+)(?:B|count)?\s+\S+%?\s+\S+%\s+(-?\d+)(?:B|count)?\s+\S+%\s+(.+)$", line)
    if row:
      rows[row[3].strip()] = (int(row[1]), int(row[2]))
  return rows


def check_pprof(folder, expected):
  after = str(folder / "after.pprof")
  before = str(folder / "before.pprof")
  space = top("B", "-sample_index=inuse_space", after)
  objects = top("count", "-sample_index=inuse_objects", after)
  equal("bytes of all types", sum(flat for flat, _ in space.values()), expected["bytes"])
  equal("objects of all types", sum(flat for flat, _ in objects.values()), expected["objects"])
  for name, (count, own, retained) in expected["types"].items():
    equal(f"own and retained bytes of {name}", space.get(name), (own, retained))
    equal(f"objects of {name}", objects.get(name, (None,))[0], count)
  grown = top("B", "-sample_index=inuse_space", f"-diff_base={before}", after)
  # 500 notes of 48 bytes with their texts of 64, and 10 sessions more.
  equal("what notes have more", grown.get("Shop.Note"), (500 * 48, 500 * 112))
  equal("what texts have more", grown.get("Swift.__StringStorage"), (500 * 64, 500 * 64))
  tags = pprof("-tags", "-sample_index=inuse_space", "-unit=B", after)
  labelled = re.search(r"^ *(\d+)(?:\.0)?B? \(.*\): Shop\.Note$", tags, re.M)
  equal("bytes with the label of a class", labelled and int(labelled[1]), expected["types"]["Shop.Note"][1])
  # Five classes with an instance of 16 bytes have no row there.
  equal("bytes with the label of a module", labels(after, "module").get("Shop"),
    5 * 16 + sum(own for name, (_, own, _) in expected["types"].items() if name.startswith("Shop.")))
  equal("a closure has no module", [name for name in labels(after, "module") if "closure" in name or " " in name], [])
  equal("modules of what was born", labels(str(folder / "births.pprof"), "module"), {"Shop": 90_000})
  # HeapSample.history: 30 sessions of 3,000 bytes, made by one stack.
  births = top("B", "-sample_index=inuse_space", str(folder / "births.pprof"))
  equal("bytes by the function that made them", births, {
    "Session.__allocating_init(user:)": (90_000, 90_000), "Server.open(_:)": (0, 90_000), "main": (0, 90_000)})
  made = top("count", "-sample_index=inuse_objects", str(folder / "births.pprof"))
  equal("objects by the function that made them", made.get("Server.open(_:)"), (0, 30))
  lines = pprof("-raw", str(folder / "births.pprof"))
  equal("files and lines are told", "/srv/shop/Server.swift:88" in lines, True)
  check_deaths(str(folder / "deaths.pprof"))


def labels(profile, key):
  """Bytes by what a label says."""
  found, name = {}, None
  for line in pprof("-tags", "-sample_index=inuse_space", "-unit=B", profile).splitlines():
    head = re.match(r" *(\S+): Total", line)
    row = re.match(r" *(\d+)(?:\.0)?B? +\(.*\): (.+)$", line)
    if head:
      name = head[1]
    elif row and name == key:
      found[row[2]] = int(row[1])
  return found


def check_origins(folder):
  """BirthSample.history has these tags; an image by itself knows its process."""
  tags = ["k8s.pod.name=shop-7", "process.pid=42", "process.start_unix_nano=1700000000000000000", "service.name=shop"]
  equal("pprof: where a profile comes from", pprof("-comments", str(folder / "deaths.pprof")).split(), tags)
  equal("pprof: where an image comes from", pprof("-comments", str(folder / "after.pprof")).split(), ["process.pid=42"])
  snapshot = json.loads((folder / "after.heapsnapshot").read_text())["snapshot"]
  equal("heapsnapshot: where it comes from", (snapshot["title"], snapshot["resource"]), ("process 42", {"process.pid": "42"}))
  scope = json.loads((folder / "after.speedscope").read_text())
  equal("speedscope: where it comes from", (scope["name"], scope["exporter"]), ("process 42", "sizer process.pid=42"))
  equal("dot: where it comes from", '  comment="process.pid=42";' in (folder / "after.dot").read_text().splitlines(), True)


def check_deaths(profile):
  """BirthSample.history: 25 of 40 sessions are dead; 5 pages came and went between two snapshots, 100 live."""
  living, born = (15, 100), (40, 105)
  for kind, unit, session, page in [
    ("inuse_objects", "count", *living), ("inuse_space", "B", 15 * 1_200, 100 * 512),
    ("alloc_objects", "count", *born), ("alloc_space", "B", 25 * 1_000 + 15 * 1_200, 100 * 512),
  ]:
    equal(f"{kind} by the function that made them", top(unit, f"-sample_index={kind}", profile), {
      "Server.open(_:)": (session, session), "Page.load(_:) (inline)": (page, page), "Cache.fill()": (0, page),
      "main": (0, session + page)})
  kinds = re.search(r"^Samples:\n(.*)$", pprof("-raw", profile), re.M)
  # The order that heap profiles of Go have.
  equal("the kinds in their order", kinds and kinds[1],
    "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]")
  time = re.search(r"^Time: (.*)$", pprof("-raw", profile), re.M)
  equal("the time is the snapshot's", time and time[1].startswith("2023-11-14 22:14:20"), True)


def main(folder):
  folder = pathlib.Path(folder)
  expected = json.loads((folder / "heap.json").read_text())
  check_pprof(folder, expected)
  massif.check(folder, expected)
  check_origins(folder)
  telemetry.check(folder, expected)
  heaptrack.check(folder)
  print(f"exports: {results.passed} passed, {results.failures} failed")
  return 1 if results.failures else 0


if __name__ == "__main__":
  sys.exit(main(*sys.argv[1:]))
