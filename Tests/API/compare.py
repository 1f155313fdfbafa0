# SPDX-License-Identifier: Apache-2.0
"""What is public, and what was: one line for each symbol and conformance, in a list for each module.

    compare.py SYMBOLS LISTS [--record | --release]

SYMBOLS has a folder of symbol graphs for each module, LISTS the folder `public` and `broken.txt`.
"""

import json
import pathlib
import sys

symbols, lists = map(pathlib.Path, sys.argv[1:3])
order = sys.argv[3] if len(sys.argv) > 3 else ""
notes = lists / "broken.txt"


def declarations(graph):
    """The lines of one symbol graph."""
    names = {}
    for symbol in graph["symbols"]:
        if symbol["kind"]["identifier"] == "swift.extension":
            continue
        name = names[symbol["identifier"]["precise"]] = ".".join(symbol["pathComponents"])
        text = "".join(part["spelling"] for part in symbol["declarationFragments"])
        yield f"{name}\t{' '.join(text.split())}"
    for relation in graph["relationships"]:
        protocol = relation.get("targetFallback", relation["target"])
        # All metatypes that do no harm are that: the compiler's affair.
        if relation["kind"] == "conformsTo" and relation["source"] in names and protocol != "Swift.SendableMetatype":
            yield f"{names[relation['source']]}\t: {protocol}"


def is_new_case(line, before):
    """Whether it is a case of an enum that was public: a switch over all the old ones no longer compiles."""
    name, declaration = line.split("\t")
    return declaration.startswith("case ") and f"{name.rpartition('.')[0]}\tenum" in {old.partition(" ")[0] for old in before}


passed = failed = 0


def verdict(breaches, text):
    """Counts a check, and tells what is wrong."""
    global passed, failed
    passed, failed = (passed, failed + 1) if breaches else (passed + 1, failed)
    print(f"{'BROKEN' if breaches else 'kept'}: {text}", *(f"  {breach}" for breach in sorted(breaches)), sep="\n")


noted = set(line for line in notes.read_text().splitlines() if line and not line.startswith("#"))
for folder in sorted(symbols.iterdir()):
    module = folder.name
    file = lists / "public" / f"{module}.txt"
    now = {line for graph in folder.glob("*.symbols.json") for line in declarations(json.loads(graph.read_text()))}
    before = set(file.read_text().splitlines()) if file.exists() else set()
    own = {line.partition("\t")[2] for line in noted if line.partition("\t")[0] == module}
    gone, added = before - now - own, now - before
    cases = {line for line in added if is_new_case(line, before)} - own
    if order == "--record":
        file.write_text("".join(f"{line}\n" for line in sorted(now - cases | before)))
        added = cases
    elif order == "--release":
        file.write_text("".join(f"{line}\n" for line in sorted(now if not gone | cases else before)))
        own, added = set(), cases
    verdict(gone, f"{module}: all that was public is, or Tests/API/broken.txt says that it is not")
    verdict(cases, f"{module}: no public enum has a new case, or Tests/API/broken.txt says so")
    verdict(added - cases, f"{module}: all that is public is listed (else: Tests/API/run --record)")
    verdict(own - before - now, f"{module}: Tests/API/broken.txt speaks of what there is or was")
if order == "--release" and not failed:
    notes.write_text("".join(line for line in notes.read_text().splitlines(keepends=True) if line.startswith("#")))

print(f"api: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
