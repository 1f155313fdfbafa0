# SPDX-License-Identifier: Apache-2.0
"""Checks of the page of a fleet, which has no script: what check.py has at hand is handed in."""


def check_fleet(report, check, equal, unseen, widths):
  browser = report.browser
  report.open()
  tables = browser.evaluate("[...document.querySelectorAll('table')].map(table => [...table.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.innerText.trim())))")
  equal("fleet: the table of what grows", tables[0], report.model)
  check("fleet: every process that differs has a row", len(tables[1]) > 20, len(tables[1]))
  text = browser.evaluate("document.body.innerText + document.title")
  check("fleet: no text is invisible or turns another", not unseen.search(text), unseen.findall(text)[:5])
  check("fleet: no text became markup", browser.evaluate("window.pwned === undefined && !document.querySelector('img, script, [onload], [onerror]')"))
  links = browser.evaluate("[...new Set([...document.querySelectorAll('a')].map(link => link.getAttribute('href')))]")
  equal("fleet: links lead to reports", links, ["shop.html"])
  bars = browser.evaluate("[...document.querySelectorAll('tbody tr:first-child rect')].map(bar => bar.getBoundingClientRect()).map(box => [Math.round(box.x), Math.round(box.width), box.height > 1])")
  check("fleet: drawings are as long as their figures", len(bars) == 3 and all(bar[2] for bar in bars) and bars[0][1] > bars[1][1] and bars[2][1] > 20 * bars[1][1], bars)
  for width in widths:
    browser.resize(width, 900)
    browser.settle()
    report.check_fits(f"at {width}")
  browser.resize(1280, 900)
  report.check_quiet()
