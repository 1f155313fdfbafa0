# SPDX-License-Identifier: Apache-2.0
"""What a report shows of a profile that tracks nothing and tells of the whole heap, as sizer run records them."""


def check_living(report, check, equal, exact, number, exact_fact):
  browser, model = report.browser, report.model
  report.open()
  equal("run: Swift objects at the end", exact_fact(report, "Swift objects at the end"), exact(model["last"]))
  equal("run: Swift objects at most", exact_fact(report, "Swift objects at most"), exact(model["atMost"]))
  equal("run: nothing is said of what is tracked", [name for name in report.facts() if "racked" in name or name == "Classes"], [])
  rows = {row[0][0]: row for row in report.rows("What lives, and what grew")}
  equal("run: types", sorted(rows), sorted(model["types"]))
  for name, (first, last, first_bytes, last_bytes) in model["types"].items():
    row = rows[name]
    equal(f"run: {name}", [number(row[1][0]), row[2][1], number(row[4][0]), row[5][1]], [last, exact(last_bytes), last - first, exact(last_bytes - first_bytes)])
  browser.evaluate("document.querySelector('.timechart').focus()")
  browser.key("End")
  tip = browser.evaluate("document.querySelector('.tip').innerText")
  check("run: the chart names the types", "Shop.Page" in tip and "All Swift objects" in tip, tip)
  links = browser.evaluate("[...document.querySelectorAll('.sentence a')].map(each => each.hash)")
  equal("run: the overview leads to the heap and to what leaks", links, ["#heap", "#leaks"])
  sentence = browser.evaluate("document.querySelector('.sentence').innerText")
  check("run: what tracked objects own is not told", "Swift objects live" in sentence and "tracked" not in sentence, sentence)
  browser.go("#snapshot-2")
  equal("run: types at a snapshot", sorted(row[0][0] for row in report.rows("All that lives")), sorted(model["types"]))
  browser.go("#snapshot-4")
  check("run: a snapshot without a table has none", report.rows("All that lives") is None)
  browser.go("#compare-0-7")
  rows = {row[0][0]: row for row in report.rows("Changes of all that lives")}
  first, last, first_bytes, last_bytes = model["types"]["Shop.Page"]
  equal("run: changes between two snapshots", [rows["Shop.Page"][1][1], number(rows["Shop.Page"][2][0])], [exact(last_bytes - first_bytes), last - first])
  check("run: what is the same is not among them", "Shop.Config" not in rows, rows)
  report.check_quiet()
