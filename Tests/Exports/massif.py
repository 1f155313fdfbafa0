# SPDX-License-Identifier: Apache-2.0
"""What valgrind's ms_print says of a file of massif's."""

import re
import subprocess

from results import equal


def report(path):
  return subprocess.run(["ms_print", "--threshold=0", str(path)], check=True, capture_output=True, text=True).stdout


def ms_print(path):
  """The snapshots: (time, total, useful, extra) and the bytes of its tree by what follows the address, summed."""
  output = report(path)
  snapshots = []
  for line in output.splitlines():
    row = re.match(r" +\d+((?: +[\d,]+){5})$", line)
    node = re.match(r"[ |]*->[\d.]+% \(([\d,]+)B\) (?:0x[0-9a-f]+: )?(.*)$", line)
    if row:
      snapshots.append((tuple(int(figure.replace(",", "")) for figure in row[1].split()[:4]), {}))
    elif node:
      tree = snapshots[-1][1]
      tree[node[2]] = tree.get(node[2], 0) + int(node[1].replace(",", ""))
  return snapshots


def check(folder, expected):
  (first, _), (last, tree) = ms_print(folder / "heap.massif")
  slack = expected["slack"]
  equal("massif: times of two images", (first[0], last[0]), (5_000, 60_000))
  equal("massif: all, what was asked for, slack", last[1:], (expected["bytes"], expected["bytes"] - slack, slack))
  # A note has 8 bytes of slack and its text 7; 60 sessions that live and 30 that are leaked have a buffer with 96 each.
  notes, sessions, leaked = 900, 60, 30
  store = expected["types"]["Shop.Store"]
  equal("massif: what the store keeps", tree.get("Shop.Store"), store[2] - notes * 15 - sessions * 96)
  equal("massif: a note and its text", tree.get("Shop.Note"), notes * (112 - 15))
  equal("massif: notes themselves", tree.get("Shop.Note itself"), notes * 40)
  equal("massif: sessions that live", tree.get("Shop.Session"), sessions * (64 + 4_000))
  equal("massif: sessions that are leaked", tree.get("(leaked) Shop.Session"), leaked * (64 + 4_000))
  # ms_print takes what follows a number sign for a comment.
  equal("massif: names keep their ends", tree.get("(leaked) closure 1 in Session.start()"), leaked * 32)
  arguments = re.search(r"^Massif arguments: *(.*)$", report(folder / "after.massif"), re.M)
  equal("massif: where it comes from", arguments and arguments[1].endswith("; process.pid=42"), True)
  [(single, _)] = ms_print(folder / "after.massif")
  equal("massif: an image by itself", single, (0, *last[1:]))
