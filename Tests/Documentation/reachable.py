# SPDX-License-Identifier: Apache-2.0
"""Whether a module's page leads to each of its articles and symbols, by what DocC wrote and by what the compiler says there is.

    reachable.py MODULE CATALOGUE OUTPUT
"""

import json
import pathlib
import sys

module, catalogue, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def page(path):
    """The page that DocC wrote for a path, which ignores case."""
    return json.loads((out / f"{module}.doccarchive/data{path.lower()}.json").read_text())


root = page(f"/documentation/{module}")
curated = [identifier for section in root.get("topicSections", []) if not section.get("generated")
           for identifier in section["identifiers"]]
reached = {root["references"][identifier]["url"].lower() for identifier in curated}

wrong = []
for article in sorted(catalogue.glob("*.md")):
    if article.stem != module and f"/documentation/{module}/{article.stem}".lower() not in reached:
        wrong.append(f"the page of {module} does not lead to the article {article.stem}")

titles = {root["references"][identifier]["title"] for identifier in curated}
for graph in sorted((out / "symbols" / module).glob("*.symbols.json")):
    for symbol in json.loads(graph.read_text())["symbols"]:
        name = ".".join(symbol["pathComponents"])
        if "docComment" not in symbol and "extension" not in symbol["kind"]["identifier"]:
            wrong.append(f"{name} has no comment")
        at_the_top = len(symbol["pathComponents"]) == 1 and "@" not in graph.name
        if at_the_top and symbol["pathComponents"][0] not in titles and symbol["names"]["title"] not in titles:
            wrong.append(f"the page of {module} does not lead to {name}")

print(*wrong, sep="\n", end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
