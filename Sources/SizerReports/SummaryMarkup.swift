// SPDX-License-Identifier: Apache-2.0

internal import SizerExports
internal import SizerGraph
internal import SizerProfile

extension Markup {
  /// The page without its script: snapshots, and the classes of the largest. The script takes this away when it starts.
  mutating func writeSummary(of history: History, _ catalogue: Catalogue, _ heap: HeapFindings?, title: String) {
    raw("<main id=\"page\">\n<div id=\"summary\">\n<h1><bdi>")
    text(title)
    raw("</bdi></h1>\n<p>")
    text(
      "\(Sentences.counted(history.snapshots.count, "snapshot", "snapshots")), "
        + "\(Sentences.counted(history.objects.count, "tracked object", "tracked objects")). 1 KB is 1,024 bytes.")
    raw("</p>\n<noscript><p>Charts, instances and comparisons need JavaScript; the totals are here without.</p>")
    raw("</noscript>\n")
    writeSnapshots(of: history, catalogue)
    let largest = catalogue.snapshots.indices.max {
      history.snapshots[catalogue.snapshots[$0]].trackedBytes < history.snapshots[catalogue.snapshots[$1]].trackedBytes
    }
    if let largest, !catalogue.classes.isEmpty { writeClasses(at: largest, of: history, catalogue) }
    if let series = HeapSeries(history, catalogue.snapshots, limits: PageLimits()) { write(series) }
    if let heap { write(heap) }
    writeOrigin(PageData.origin(of: history))
    raw("</div>\n</main>\n")
  }

  private mutating func writeOrigin(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    raw("<footer class=\"note\"><ul class=\"origin\">")
    for line in lines {
      raw("<li>")
      text(line)
      raw("</li>")
    }
    raw("</ul></footer>\n")
  }

  private mutating func writeSnapshots(of history: History, _ catalogue: Catalogue) {
    raw("<h2>Snapshots</h2>\n")
    guard !catalogue.snapshots.isEmpty else { return raw("<p>None was taken.</p>\n") }
    if catalogue.snapshots.count < history.snapshots.count {
      raw("<p>")
      text("\(Sentences.counted(catalogue.snapshots.count, "of them is", "of them are")) on this page.")
      raw("</p>\n")
    }
    raw(
      "<div class=\"scroll\"><table><thead><tr><th class=\"number\">#</th><th>Label</th><th class=\"number\">Time</th>")
    raw("<th>Totals</th></tr></thead><tbody>\n")
    for position in catalogue.snapshots {
      let snapshot = history.snapshots[position]
      raw("<tr>")
      number(Sentences.grouped(position))
      name(snapshot.label)
      number(Sentences.time(snapshot.timestamp))
      raw("<td>")
      text(Sentences.totals(of: snapshot))
      raw("</td></tr>\n")
    }
    raw("</tbody></table></div>\n")
  }

  private mutating func writeClasses(at position: Int, of history: History, _ catalogue: Catalogue) {
    let index = catalogue.snapshots[position]
    let total = clamped(history.snapshots[index].trackedBytes)
    raw("<h2>")
    text("Classes at snapshot \(index), the largest")
    raw("</h2>\n<div class=\"scroll\"><table><thead><tr><th>Class</th><th class=\"number\">Living</th>")
    raw("<th class=\"number\">Bytes</th><th class=\"number\">Average</th><th class=\"number\">Share</th>")
    raw("</tr></thead><tbody>\n")
    for entry in catalogue.classes.prefix(100) {
      let (active, bytes) = (entry.active[position], entry.bytes[position])
      raw("<tr>")
      name(entry.name)
      number(Sentences.grouped(active))
      number(Sentences.bytes(bytes))
      number(active == 0 ? "–" : Sentences.bytes(bytes / active))
      number(Sentences.percent(bytes, of: total))
      raw("</tr>\n")
    }
    raw("</tbody></table></div>\n")
    let hidden = catalogue.classes.count - 100 + catalogue.otherCount
    if hidden > catalogue.otherCount || catalogue.otherCount > 0 {
      raw("<p>")
      let left = max(hidden, catalogue.otherCount)
      text("\(Sentences.counted(left, "smaller class is", "smaller classes are")) not in this table.")
      raw("</p>\n")
    }
  }

  private mutating func write(_ series: HeapSeries) {
    raw("<h2>What lives, at the first and the last table of the heap</h2>\n<div class=\"scroll\"><table><thead><tr>")
    raw("<th>Type</th><th class=\"number\">Objects, first</th><th class=\"number\">Last</th>")
    raw("<th class=\"number\">Bytes, first</th><th class=\"number\">Last</th></tr></thead><tbody>\n")
    for row in series.rows.prefix(100) {
      raw("<tr>")
      name(row.name)
      for figures in [row.count, row.count.reversed()] { number(Sentences.grouped(figures.first ?? 0)) }
      for figures in [row.bytes, row.bytes.reversed()] { number(Sentences.bytes(figures.first ?? 0)) }
      raw("</tr>\n")
    }
    raw("</tbody></table></div>\n")
  }

  private mutating func write(_ heap: HeapFindings) {
    raw("<h2>The heap</h2>\n<p>")
    text(heap.sentence)
    raw("</p>\n<div class=\"scroll\"><table><thead><tr><th>Type</th><th class=\"number\">Objects</th>")
    raw("<th class=\"number\">Bytes</th><th class=\"number\">Retained</th></tr></thead><tbody>\n")
    for row in heap.classes.prefix(50) {
      raw("<tr>")
      name(row.typeName)
      number(Sentences.grouped(row.count))
      number(Sentences.bytes(row.bytes))
      number(row.retainedBytes.map { Sentences.bytes($0) } ?? "–")
      raw("</tr>\n")
    }
    raw("</tbody></table></div>\n")
  }

  private mutating func name(_ name: String) {
    raw("<td class=\"name\"><bdi>")
    text(name)
    raw("</bdi></td>")
  }

  private mutating func number(_ figure: String) {
    raw("<td class=\"number\">")
    text(figure)
    raw("</td>")
  }
}
