# SPDX-License-Identifier: Apache-2.0
"""What heaptrack_print says of births and deaths."""

import re
import subprocess

from results import equal


def stacks(path, cost):
  """Figures by stack, as for a flame graph."""
  output = path.with_suffix(f".{cost}")
  report = subprocess.run(["heaptrack_print", "-f", str(path), "-F", str(output), "--flamegraph-cost-type", cost],
    check=True, capture_output=True, text=True).stdout
  return report, {line.rsplit(" ", 1)[0].split(";")[1]: int(line.rsplit(" ", 1)[1]) for line in output.read_text().splitlines()}


def check(folder):
  """BirthSample.history: 25 of 40 sessions die after 30 of 60 seconds; 5 pages that no snapshot saw die before the 100 others are born."""
  report, living = stacks(folder / "births.heaptrack", "leaked")
  equal("heaptrack: what lives, by who made it", living, {"Server.open(_:) (Server.swift)": 15 * 1_200, "Page.load(_:) (Page.swift)": 100 * 512})
  _, made = stacks(folder / "births.heaptrack", "allocations")
  equal("heaptrack: how many were made", made, {"Server.open(_:) (Server.swift)": 40, "Page.load(_:) (Page.swift)": 105})
  # Before any session died.
  peak = 25 * 1_000 + 15 * 1_200 + 100 * 512
  for what, found, expected in [
    ("the most at one time", r"peak heap memory consumption: (.*)", f"{peak / 1000:.2f}K"),
    ("what lives at the end", r"total memory leaked: (.*)", f"{(15 * 1_200 + 100 * 512) / 1000:.2f}K"),
    ("the time", r"total runtime: (.*)", "60.00s."), ("births", r"calls to allocation functions: (\d+)", "145"),
    ("whose births they are", r"Debuggee command was: (.*)",
      "shop, process 42 k8s.pod.name=shop-7 process.pid=42 process.start_unix_nano=1700000000000000000 service.name=shop"),
  ]:
    match = re.search(f"^{found}", report, re.M)
    equal(f"heaptrack: {what}", match and match[1], expected)
  equal("heaptrack: calls with their lines", [line.strip() for line in re.findall(r"^  at (.*)$", report, re.M)][:2],
    ["/srv/shop/Page.swift:7", "/srv/shop/Cache.swift:21"])
