# SPDX-License-Identifier: Apache-2.0
"""Opens the reports and heap snapshots that ReportSamples wrote and checks what the browser makes of them. Called by Tests/Browser/run.

Usage: check.py BROWSER FOLDER
"""

import json
import pathlib
import re
import sys
import time

from browser import Browser
from fleet import check_fleet
from living import check_living
from snapshots import check_snapshots

WIDTHS = (400, 900, 1600)
# Characters that nobody sees or that move others; none may be in a page's text, however hostile the profile.
UNSEEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u3164\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")

passed = 0
failures = []


def check(what, is_so, found=None):
  global passed
  if is_so:
    passed += 1
  else:
    failures.append(what if found is None else f"{what}; found {found!r}")
    print(f"FAILED: {failures[-1]}"[:2000])


def equal(what, found, expected):
  check(f"{what}: expected {expected!r}", found == expected, found)


class Report:
  """One report, and what its model says it must show."""

  def __init__(self, browser, folder, name):
    self.browser = browser
    self.folder = folder
    self.name = name
    self.path = folder / f"{name}.html"
    model = folder / f"{name}.json"
    self.model = json.loads(model.read_text()) if model.exists() else None

  def open(self, address=""):
    self.browser.open(self.path.absolute().as_uri() + address)
    self.browser.settle()

  def check_quiet(self):
    """No error, no request but for the file itself, no breach of its policy; told of all that happened since it was opened."""
    faults = [event for event in self.browser.events if event["method"] == "Runtime.exceptionThrown"
              or (event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in ("error", "warning"))
              or (event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] in ("error", "warning"))
              or (event["method"] == "Audits.issueAdded" and event["params"]["issue"]["code"] == "ContentSecurityPolicyIssue")]
    check(f"{self.name}: the script runs without an error", not faults, json.dumps(faults)[:1500] if faults else None)
    requests = [event["params"]["request"]["url"].split("#")[0] for event in self.browser.events if event["method"] == "Network.requestWillBeSent"]
    others = [url for url in requests if url != self.path.absolute().as_uri()]
    check(f"{self.name}: nothing is fetched from anywhere", not others, others)

  def check_fits(self, what):
    width = self.browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    check(f"{self.name} {what}: the page is not wider than the window", width <= 0, width)

  def rows(self, caption):
    """Of a table: for each row its cells as [text, exact figure]; all pages of it."""
    return self.browser.evaluate("""(async caption => {
      const region = [...document.querySelectorAll('.scroll')].find(each => each.getAttribute('aria-label') === caption);
      const rows = [];
      if (!region) return null;
      for (;;) {
        for (const row of region.querySelectorAll('tbody tr:not(.detail)'))
          rows.push([...row.cells].map(cell => [cell.innerText.trim(), (cell.querySelector('span[title]') ?? cell).title ?? '']));
        const next = region.parentElement.querySelector('[data-page="Next page"]:not(:disabled)');
        if (!next) return rows;
        next.click();
      }
    })(""" + json.dumps(caption) + ")")

  def facts(self):
    return self.browser.evaluate("Object.fromEntries([...document.querySelectorAll('.facts > div')].map(each => [each.children[0].innerText, each.children[1].innerText]))")


def exact(number):
  """As the page writes bytes in full."""
  return f"{number:,} {'byte' if abs(number) == 1 else 'bytes'}".replace("-", "−")


def number(text):
  return int(text.replace(",", "").replace("−", "-").replace("+", "")) if re.search(r"\d", text) else 0


def check_snapshot(report, position):
  """The class table says of every class what the model counted."""
  report.browser.go(f"#snapshot-{position}")
  rows = {row[0][0]: row for row in report.rows(f"Classes at snapshot {position}")}
  equal(f"{report.name}: classes of snapshot {position}", len(rows), len(report.model["classes"]))
  for name, entry in report.model["classes"].items():
    row = rows.get(name)
    check(f"{report.name}: {name} is in the class table", row is not None)
    if row:
      equal(f"{report.name}, snapshot {position}: living {name}", number(row[1][0]), entry["active"][position])
      equal(f"{report.name}, snapshot {position}: bytes of {name}", row[2][1], exact(entry["bytes"][position]))
  equal(f"{report.name}: tracked at snapshot {position}", exact_fact(report, "Tracked"), exact(report.model["tracked"][position]))


def exact_fact(report, term):
  return report.browser.evaluate("[...document.querySelectorAll('.facts > div')].find(each => each.children[0].innerText === " + json.dumps(term) + ")?.querySelector('[title]')?.title")


def check_comparison(report):
  """What came, went and stayed between two snapshots, against the model that looked at every object."""
  model = report.model
  report.browser.go(f"#compare-{model['from']}-{model['to']}")
  rows = {row[0][0]: row for row in report.rows("Changes by class")}
  for name, entry in model["classes"].items():
    if not (entry["born"] or entry["gone"] or entry["grownBytes"]):
      check(f"{report.name}: {name} did not change and is not compared", name not in rows)
      continue
    row = rows.get(name)
    check(f"{report.name}: {name} is compared", row is not None)
    if row:
      found = [number(row[3][0]), row[4][1], number(row[5][0]), row[6][1], number(row[7][0]), row[8][1]]
      equal(f"{report.name}: comparison of {name}", found, [
        entry["born"], exact(entry["bornBytes"]), entry["gone"], exact(entry["goneBytes"]), entry["stayed"], exact(entry["grownBytes"])])


def check_class(report, name, position):
  entry = report.model["classes"][name]
  report.browser.go("#classes")
  report.browser.evaluate("[...document.querySelectorAll('td a')].find(each => each.innerText === " + json.dumps(name) + ").click()")
  report.browser.settle()
  address = report.browser.evaluate("location.hash")
  report.browser.go(f"{address}@{position}")
  equal(f"{report.name}: heading of {name}", report.browser.evaluate("document.querySelector('h1').innerText.trim()"), name)
  equal(f"{report.name}: made {name}", number(report.facts()["Made"]), entry["made"])
  shown = report.browser.evaluate("[...document.querySelectorAll('.timechart ~ *, .chart title')].map(each => each.textContent).filter(text => /: [\\d,]+ instances?$/.test(text))")
  counts = [number(text.rsplit(": ", 1)[1].split()[0]) for text in shown]
  equal(f"{report.name}: the distribution of {name} counts every living instance", sum(counts), entry["active"][position])
  instances = report.rows("Instances")
  note = report.browser.evaluate("document.body.innerText.match(/([\\d,]+) of ([\\d,]+): the largest/)?.slice(1) ?? null")
  if note is None:
    equal(f"{report.name}: instances of {name}", len(instances), entry["made"])
  else:
    equal(f"{report.name}: instances of {name}, as the page says", [len(instances), entry["made"]], [number(text) for text in note])
  sites = report.rows("Sites")
  if sites is not None:
    equal(f"{report.name}: sites count every {name}", sum(number(row[2][0]) for row in sites), entry["made"])


def check_ladder(report):
  """The rungs are all there and add up to the resident memory."""
  report.browser.go("#snapshot-23")
  rows = {row[0][0]: number(row[1][1].split()[0]) for row in report.rows("Memory ladder")}
  equal("rungs of the ladder", len(rows), 13)
  equal("a rung", rows.get("stacks"), 310_000)
  equal("the rungs add up to the resident memory", exact(sum(rows.values())), exact_fact(report, "Resident"))


def check_slabs(report, position):
  """A row for each class whose slabs are known, and no section where nobody asked for them."""
  report.browser.go(f"#snapshot-{position}")
  rows = {row[0][0]: row for row in report.rows(f"Slabs at snapshot {position}")}
  equal(f"{report.name}: classes with slabs at snapshot {position}", sorted(rows), sorted(report.model["classes"]))
  for name, entry in report.model["classes"].items():
    slabs = entry["slabs"][str(position)]
    row = rows.get(name)
    if row:
      found = [number(row[1][0]), row[2][1], number(row[3][0]), row[4][1], row[5][0], number(row[6][0])]
      share = 100 * slabs["takenBytes"] / slabs["slabBytes"] if slabs["slabBytes"] else None
      fill = "–" if share is None else f"{share:.0f} %" if share >= 9.95 else f"{share:.1f} %"
      equal(f"{report.name}, snapshot {position}: slabs of {name}", found, [
        slabs["objectCount"], exact(slabs["objectBytes"]), slabs["slabCount"], exact(slabs["slabBytes"]), fill, slabs["unresolvedCount"]])
  report.browser.go(f"#snapshot-{position - 1}")
  equal("a snapshot that nobody asked for slabs shows none", report.rows(f"Slabs at snapshot {position - 1}"), None)


def check_search_and_sort(report):
  report.browser.go("#snapshot-20")
  report.browser.evaluate("(input => { input.value = 'template'; input.dispatchEvent(new Event('input')); })(document.querySelector('input[type=search]'))")
  names = [row[0][0] for row in report.rows("Classes at snapshot 20")]
  equal("search finds parts of names, whatever the case", sorted(names), ["Shop.Template", "Shop.Template.Node"])
  report.browser.go("#snapshot-19")
  for label, key in (("Living", 1), ("Class", 0)):
    report.browser.evaluate(f"[...document.querySelectorAll('th button')].find(each => each.innerText.startsWith('{label}')).click()")
    found = [row[key][0] for row in report.rows("Classes at snapshot 19")]
    expected = sorted(found, key=number, reverse=True) if key == 1 else sorted(found)
    equal(f"sorted by {label}", found, expected)


def check_keyboard(report):
  """Everything by keys alone: the skip link, the links of the bar, the chart's cursor, the flame graph, the theme; and Back."""
  browser = report.browser
  report.open()
  browser.key("Tab")
  equal("the first Tab reaches the skip link", browser.evaluate("document.activeElement.className"), "skip")
  for _ in range(3):
    browser.key("Tab")
  browser.key("Enter", text="\r")
  equal("Enter on a link of the bar opens its view", browser.evaluate("location.hash"), "#classes")
  browser.evaluate("history.back()")
  browser.settle()
  equal("Back returns to the overview", browser.evaluate("document.querySelector('h1').innerText"), "Web shop")
  browser.evaluate("document.querySelector('.timechart').focus()")
  browser.key("Home")
  browser.key("ArrowRight")
  browser.key("ArrowRight")
  equal("arrow keys move a chart's cursor", browser.evaluate("document.activeElement.getAttribute('aria-valuenow')"), "3")
  figure = f"{report.model['tracked'][2] / 2**10:.0f} KB"
  check("the cursor tells the figures", figure in browser.evaluate("document.querySelector('.tip:not([hidden])').innerText"))
  browser.key("Enter", text="\r")
  equal("Enter on a chart opens the snapshot", browser.evaluate("location.hash"), "#snapshot-2")
  browser.go("#class-Shop.Request")
  browser.evaluate("document.querySelector('.flamebox').focus()")
  browser.key("ArrowDown")
  equal("arrow keys move in the flame graph", browser.evaluate("document.activeElement.getAttribute('aria-level')"), "2")
  browser.key("ArrowDown")
  browser.key("Enter", text="\r")
  check("Enter looks closer", "ShopController" in browser.evaluate("document.querySelector('.flamebox').getAttribute('aria-label')"))
  browser.key("Escape")
  check("Escape shows all again", browser.evaluate("document.querySelector('.flamebox').getAttribute('aria-label')").startswith("all traces"))
  before = browser.evaluate("getComputedStyle(document.body).backgroundColor")
  browser.evaluate("document.querySelector('.theme').click()")
  check("the theme changes", browser.evaluate("getComputedStyle(document.body).backgroundColor") != before)
  browser.evaluate("document.querySelector('.theme').click()")
  equal("and changes back", browser.evaluate("getComputedStyle(document.body).backgroundColor"), before)
  # What was chosen is remembered, and the pictures are of what the system chooses.
  browser.evaluate("localStorage.removeItem('sizer-theme')")
  unnamed = browser.evaluate("[...document.querySelectorAll('button, input, select, [tabindex=\"0\"]')].filter(each => !(each.innerText || each.getAttribute('aria-label') || each.labels?.length)).length")
  equal("everything that takes the focus has a name", unnamed, 0)


def check_tab_reaches_all(report, address):
  """The Tab key alone visits every control that is on the page, in the page's order, and leaves it at the end: no trap."""
  browser = report.browser
  report.open(address)
  visited = "document.activeElement === document.body ? -1 : window.controls.indexOf(document.activeElement)"
  count = browser.evaluate("""(window.controls = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')].filter(each =>
    !each.disabled && each.tabIndex >= 0 && (each.checkVisibility() || each.classList.contains('skip')))).length""")
  order = []
  for _ in range(count + 20):
    browser.key("Tab")
    position = browser.evaluate(visited)
    if order and position in (-1, order[0]):
      break
    order.append(position)
    if position >= 0 and not browser.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement.classList.contains('flamebox')"):
      check(f"{report.name} {address}: what has the focus shows it", False, browser.evaluate("document.activeElement.outerHTML")[:200])
  equal(f"{report.name} {address}: controls that Tab does not reach", sorted(set(range(count)) - set(order)), [])
  check(f"{report.name} {address}: Tab goes through the page from its beginning to its end", order == sorted(order), order)


def check_theme(report, dark):
  color = report.browser.evaluate("getComputedStyle(document.body).backgroundColor")
  is_dark = sum(int(part) for part in re.findall(r"\d+", color)[:3]) < 200
  equal(f"{report.name}: the theme is the system's, {color}", is_dark, dark)


def check_contrast(report, theme):
  """WCAG AA: text against the ground, as computed."""
  ratios = report.browser.evaluate("""(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const light = color => {
      canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.body).backgroundColor);
    return Object.fromEntries(['body', 'a', '.muted', '.more', 'th'].map(each => {
      const node = document.querySelector(each);
      if (!node) return [each, 99];
      const text = light(getComputedStyle(node).color);
      return [each, (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)];
    }));
  })()""")
  poor = {each: round(ratio, 2) for each, ratio in ratios.items() if ratio < 4.5}
  check(f"text is readable in the {theme} theme", not poor, poor)


def check_hostile(report):
  browser = report.browser
  report.open()
  addresses = ["#overview", "#classes", "#compare-0-2"] + [f"#snapshot-{i}" for i in range(4)]
  addresses += browser.evaluate("(location.hash = '#classes', 1)") and []
  browser.settle()
  for _ in range(2):
    addresses += browser.evaluate("[...document.querySelectorAll('td a')].map(each => each.getAttribute('href'))")
    browser.evaluate("document.querySelector('[data-page=\"Next page\"]:not(:disabled)')?.click()")
  equal("every hostile class has an address of its own", len(set(addresses) - {"#overview", "#classes"}), len(report.model["classes"]) + 5)
  for address in addresses:
    browser.go(address)
    browser.evaluate("document.querySelectorAll('.toggle').forEach(each => each.click())")
    text = browser.evaluate("document.body.innerText + document.title + [...document.querySelectorAll('[title], [aria-label], option')].map(each => each.title + each.ariaLabel + each.textContent).join('')")
    check(f"hostile {address[:60]}: no unseen character", not UNSEEN.search(text), UNSEEN.findall(text)[:5])
    strangers = browser.evaluate("[...document.querySelectorAll('img, iframe, object, embed, link, base, form, b[onclick], [onload], [onerror], script:not(#data)')].filter(each => !(each.localName === 'script' && each.parentElement === document.body && !each.src)).length")
    equal(f"hostile {address[:60]}: no element but ours", strangers, 0)
    if address.startswith("#class-"):
      check(f"hostile {address[:60]} opens its class", browser.evaluate("document.querySelector('.bar [aria-current]').innerText") == "Classes")
    report.check_fits(address[:60])
  equal("hostile: no foreign script ran", browser.evaluate("typeof window.pwned"), "undefined")
  equal("hostile: scripts in the page", browser.evaluate("document.scripts.length"), 2)
  equal("hostile: an address that is none shows the overview", browser.evaluate("(location.hash = '#class-%', 1)"), 1)
  browser.settle()
  check("hostile: the overview is there", "Memory over time" in browser.evaluate("document.body.innerText"))
  report.check_quiet()


def check_policy(report):
  """The policy is not only there: it stops what is not ours."""
  report.open()
  report.browser.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.pwned = 1' }))")
  report.browser.evaluate("(image => { image.src = 'https://example.com/x.png'; document.body.append(image); })(document.createElement('img'))")
  report.browser.settle()
  equal("a script that is put in later does not run", report.browser.evaluate("typeof window.pwned"), "undefined")
  sent = [event["params"]["documentURL"] for event in report.browser.events if event["method"] == "Network.responseReceived" and "example.com" in json.dumps(event)]
  equal("an image that is put in later is not fetched", sent, [])


def check_without_script(report):
  report.browser.call("Emulation.setScriptExecutionDisabled", value=True)
  report.browser.open(report.path.absolute().as_uri())
  document = report.browser.call("DOM.getDocument")["root"]["nodeId"]
  page = report.browser.call("DOM.querySelector", nodeId=document, selector="#summary")["nodeId"]
  markup = report.browser.call("DOM.getOuterHTML", nodeId=page)["outerHTML"]
  living = sum(entry["active"][-1] for entry in report.model["classes"].values())
  totals = f"{report.model['tracked'][-1] / 2 ** 20:.2f} MB in {living:,} living tracked objects"
  check("without script: the totals are there", all(text in markup for text in ("Shop.CachedImage", "after deploy", totals)), totals)
  report.browser.screenshot(report.folder / "shop-without-script.png")
  report.browser.call("Emulation.setScriptExecutionDisabled", value=False)


def check_large(report):
  start = time.monotonic()
  report.open()
  seconds = time.monotonic() - start
  size = report.path.stat().st_size
  print(f"large: {size:,} bytes, opened and drawn in {seconds:.2f} s")
  check("a million objects stay below 5 MB", size < 5_000_000, size)
  check("the page says that instances are a choice", "have a row: of each class the largest" in report.browser.evaluate("document.body.innerText"))
  equal("large: objects", report.facts()["Objects"].split()[0], "1,000,000")
  for name in sorted(report.model["classes"])[:3]:
    check_class(report, name, 12)
  for position in (0, 10, 19):
    check_snapshot(report, position)
  check_comparison(report)
  report.check_quiet()


HEAP = ("#heap", "#leaks", "#tasks", "#waste")


def check_heap(report):
  """The heap's pages say what the image's maker knows."""
  browser, model = report.browser, report.model
  report.open()
  sentence = browser.evaluate("document.querySelector('.sentence').innerText")
  check("the overview says how much of the heap is tracked", f"{model['objects']:,} Swift objects live" in sentence and "of which tracked objects own 87.9 KB" in sentence, sentence)
  browser.go("#heap")
  equal("objects of the heap", number(report.facts()["Swift objects"]), model["objects"])
  equal("bytes of the heap", exact_fact(report, "Bytes"), exact(model["bytes"]))
  rows = {row[0][0]: row for row in report.rows("Types of the heap")}
  for name, (count, own, retained) in model["types"].items():
    row = rows[name]
    equal(f"{name} on the heap", [number(row[1][0]), row[2][1], row[3][1]], [count, exact(own), exact(retained)])
  browser.evaluate("(input => { input.value = 'shop.note'; input.dispatchEvent(new Event('input')); })(document.querySelector('input[type=search]'))")
  browser.evaluate("[...document.querySelectorAll('.toggle')].find(each => each.closest('tr').innerText.includes('Shop.Note') && !each.closest('tr').innerText.includes('<')).click()")
  way = browser.evaluate("[...document.querySelectorAll('.way li')].map(each => each.innerText.trim())")
  equal("who holds a note", way, model["store"])
  boxes = browser.evaluate("[...document.querySelectorAll('.flamebox')].map(each => each.getAttribute('aria-label'))")
  check("the picture begins with the whole heap", boxes[0].startswith("the whole heap"), boxes[:2])
  check("notes are one box", any(box.startswith("900 × Shop.Note") for box in boxes), boxes)
  check("what is leaked says so, as one box for each type", any(box.startswith("leaked: 30 × Shop.Session") for box in boxes), boxes)
  browser.evaluate("[...document.querySelectorAll('.flamebox')][1].dispatchEvent(new Event('click'))")
  check("choosing a box looks closer", "Shop.Store" in browser.evaluate("document.querySelector('.flamebox').getAttribute('aria-label')"))
  check("what grows is named", any(".notes" in row[0][0] for row in report.rows("What grows")))
  browser.go("#leaks")
  rows = report.rows("Leaks")
  equal("leaks", [[row[1][0], number(row[2][0]), number(row[3][0])] for row in rows], [["proved", 20, 60], ["suspected", 10, 30]])
  drawing = browser.evaluate("document.querySelector('.cycle svg').getAttribute('aria-label')")
  check("the cycle is drawn, by types and names", all(text in drawing for text in model["cycle"]), drawing)
  site = browser.evaluate("document.querySelector('summary').innerText.trim()")
  equal("births name the program's own code", site, model["site"].replace("30", "20"))
  browser.go("#tasks")
  equal("tasks", [number(report.facts()["Tasks"]), [row[2][0] for row in report.rows("Tasks")]], [model["tasks"], ["suspended", "running"]])
  browser.evaluate("document.querySelector('.toggle').click()")
  equal("the async backtrace", browser.evaluate("[...document.querySelectorAll('.calls li')].map(each => each.innerText.trim())"), ["Poller.wait()", "Poller.run()"])
  browser.go("#waste")
  kinds = {row[0][0].split(" by ")[0] for row in report.rows("Waste")}
  check("kinds of waste", {"Slack", "Unused capacity", "Duplicates", "Pinned buffers"} <= kinds, kinds)
  browser.go("#class-Shop.Session")
  equal("a site is the program's own code", report.rows("Sites")[0][0][0], "Server.open(_:)")
  for address in HEAP:
    check_tab_reaches_all(report, address)
  report.check_quiet()


def check_wild_heaps(report, name):
  """No text leaves its place, nothing is too wide, and what can't be read is told."""
  browser = report.browser
  report.open()
  for address in ("#overview",) + HEAP:
    browser.go(address)
    browser.evaluate("document.querySelectorAll('.toggle').forEach(each => each.click())")
    text = browser.evaluate("document.body.innerText + document.title + [...document.querySelectorAll('[title], [aria-label]')].map(each => each.title + each.ariaLabel + each.textContent).join('')")
    check(f"{name} {address}: no unseen character", not UNSEEN.search(text), UNSEEN.findall(text)[:5])
    report.check_fits(address)
    if name == "damagedheap" and address != "#overview":
      check("a damaged image is told", "is damaged at" in text or "is no heap image" in text)
  equal(f"{name}: no foreign script ran", browser.evaluate("typeof window.pwned"), "undefined")
  check(f"{name}: below 5 MB", report.path.stat().st_size < 5_000_000)
  if name == "largeheap":
    browser.go("#heap")
    check("types without a row are summed", "smaller types have no row" in browser.evaluate("document.body.innerText"))
    browser.go("#leaks")
    check("a long cycle is cut where it is drawn", "2,992 objects more" in browser.evaluate("document.querySelector('.cycle').textContent"))
  report.check_quiet()


def take_pictures(report, addresses):
  browser = report.browser
  for dark in (False, True):
    for width in WIDTHS:
      browser.resize(width, 900, dark)
      report.open()
      for address in addresses:
        browser.go(address)
        report.check_fits(f"{address} at {width}")
        name = re.sub(r"[^\w.-]+", "-", address.strip("#"))[:40]
        browser.screenshot(report.folder / f"{report.name}-{name}-{width}-{'dark' if dark else 'light'}.png")
      check_theme(report, dark)
      check_contrast(report, "dark" if dark else "light")
  browser.resize(900, 900)
  report.open()
  for address in addresses[:3]:
    browser.go(address)
    # The width of A4 between the margins: what is wider is cut, or all is made smaller.
    browser.resize(688, 900)
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.settle()
    report.check_fits(f"{address} on paper")
    browser.screenshot(report.folder / f"{report.name}-{address.strip('#')}-print.png")
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.pdf(report.folder / f"{report.name}-{address.strip('#')}.pdf")
    check(f"{report.name} {address} prints", (report.folder / f"{report.name}-{address.strip('#')}.pdf").stat().st_size > 5_000)


def main(program, folder):
  folder = pathlib.Path(folder)
  with Browser(program) as browser:
    browser.resize(1280, 900)
    report = {name: Report(browser, folder, name) for name in ("shop", "hostile", "wild", "empty", "large", "heap", "run", "hostileheap", "damagedheap", "largeheap", "fleet")}
    shop = report["shop"]
    shop.open()
    for position in (0, 11, 23):
      check_snapshot(shop, position)
    check_comparison(shop)
    for name in ("Shop.Session", "Shop.Request", "Shop.ImageCache", "Shop.Logger"):
      check_class(shop, name, 20)
    check_ladder(shop)
    check_slabs(shop, 20)
    check_search_and_sort(shop)
    check_keyboard(shop)
    for address in ("#overview", "#class-Shop.Session", "#snapshot-20", "#compare-4-20"):
      check_tab_reaches_all(shop, address)
    shop.check_quiet()
    check_hostile(report["hostile"])
    for name, addresses in (("wild", ["#overview", "#class-Wild", "#class-Wilder", "#compare-0-3", "#snapshot-3"]), ("empty", ["#overview", "#classes", "#snapshot-0"])):
      report[name].open()
      for address in addresses:
        browser.go(address)
        check(f"{name} {address} shows a heading", browser.evaluate("document.querySelector('h1').innerText") != "")
      report[name].check_quiet()
    check_large(report["large"])
    check_heap(report["heap"])
    check_living(report["run"], check, equal, exact, number, exact_fact)
    for name in ("hostileheap", "damagedheap", "largeheap"):
      check_wild_heaps(report[name], name)
    check_fleet(report["fleet"], check, equal, UNSEEN, WIDTHS)
    check_policy(shop)
    check_without_script(shop)
    take_pictures(shop, ["#overview", "#class-Shop.Session", "#snapshot-20", "#compare-4-20", "#class-Shop.Request"])
    take_pictures(report["heap"], ["#heap", "#leaks", "#tasks", "#waste", "#overview"])
    take_pictures(report["run"], ["#overview", "#snapshot-2", "#compare-0-7"])
    take_pictures(report["hostile"], ["#overview", "#snapshot-1", "#compare-0-2"])
    take_pictures(report["large"], ["#overview"])
    take_pictures(report["empty"], ["#overview"])
    check_snapshots(browser, program, folder, equal)
  # The form that .ci/run counts.
  print(f"Pictures are in {folder}\nbrowser: {passed} passed, {len(failures)} failed")
  return 1 if failures else 0


if __name__ == "__main__":
  sys.exit(main(*sys.argv[1:]))
