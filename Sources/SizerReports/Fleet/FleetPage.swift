// SPDX-License-Identifier: Apache-2.0

import SizerExports

/// Answers to the questions of `Fleet/` as one HTML file that needs nothing else, and no script: versions side by side,
/// what grows and how sure that is, the processes that differ. The answers may come from anyone. The page stays below
/// 5 MB; of an answer with more rows it shows the first, and says so.
package struct FleetPage {
  private static let mostRows = 500
  private static let largest = 5_000_000

  private let answers: [FleetAnswer]
  private let title: String
  private let report: (String) -> String?

  /// - Parameter report: where the report of a profile is, as a link for this page; nil where there is none.
  package init(_ answers: [FleetAnswer], title: String, report: @escaping (_ profile: String) -> String?) {
    self.answers = answers
    self.title = title
    self.report = report
  }

  package var bytes: [UInt8] {
    var rows = Self.mostRows
    while true {
      let page = page(rows: rows)
      if page.count < Self.largest || rows == 1 { return page }
      rows /= 2
    }
  }

  private func page(rows: Int) -> [UInt8] {
    var markup = Markup()
    markup.writeHead(title: title, hasScript: false)
    markup.raw("<main id=\"page\">\n<h1><bdi>")
    markup.text(title)
    markup.raw("</bdi></h1>\n<p class=\"note\">")
    markup.text("A is the earlier version of the question, B the later. 1 KB is 1,024 bytes.")
    markup.raw("</p>\n")
    for answer in answers { write(answer, rows, to: &markup) }
    markup.raw("</main>\n</body>\n</html>\n")
    return markup.bytes
  }

  private func write(_ answer: FleetAnswer, _ most: Int, to markup: inout Markup) {
    let columns = FleetColumn.all(of: answer.question)
    let shown = 0..<min(answer.rowCount, most)
    markup.raw("<section>\n<h2>")
    markup.text(answer.question.heading)
    markup.raw("</h2>\n<p class=\"sentence\">")
    markup.text(answer.rowCount == 0 ? "None." : answer.question.explanation)
    if shown.count < answer.rowCount {
      markup.text(" The first \(Sentences.grouped(shown.count)) of \(Sentences.grouped(answer.rowCount)) are here.")
    }
    markup.raw("</p>\n")
    if !shown.isEmpty {
      markup.raw("<div class=\"scroll\"><table><thead><tr>")
      for column in columns {
        if column.isNumber { markup.raw("<th class=\"number\">") } else { markup.raw("<th>") }
        markup.text(column.head)
        markup.raw("</th>")
      }
      markup.raw("</tr></thead><tbody>\n")
      let scale = shown.map { row in columns.map { $0.reach(answer, row) }.max() ?? 0 }.max() ?? 0
      for row in shown {
        markup.raw("<tr>")
        for column in columns { write(column, answer, row, scale, to: &markup) }
        markup.raw("</tr>\n")
      }
      markup.raw("</tbody></table></div>\n")
    }
    markup.raw("</section>\n")
  }

  private func write(
    _ column: FleetColumn, _ answer: FleetAnswer, _ row: Int, _ scale: Double, to markup: inout Markup
  ) {
    switch column.form {
    case .name:
      markup.raw("<td class=\"name\"><bdi>")
      let link = column.name == "pod" ? report(answer.text(row, "file")) : nil
      if let link {
        markup.raw("<a href=\"")
        markup.text(link)
        markup.raw("\">")
      }
      markup.text(answer.text(row, column.name))
      if link != nil { markup.raw("</a>") }
      markup.raw("</bdi></td>")
    case .count, .bytes, .percent:
      markup.raw("<td class=\"number\">")
      markup.text(column.text(answer, row))
      markup.raw("</td>")
    case .interval(let low, let high):
      markup.raw("<td class=\"sparkcell\">")
      if let low = answer.number(row, low), let high = answer.number(row, high) {
        markup.draw([(min(low, high), max(low, high))], scale)
      }
      markup.raw("</td>")
    case .bars(let one, let other):
      markup.raw("<td class=\"sparkcell\">")
      markup.draw([one, other].map { (0, max(answer.number(row, $0) ?? 0, 0)) }, scale)
      markup.raw("</td>")
    }
  }
}

extension Markup {
  /// Bars above each other, each from one figure to another, of which `scale` is the largest. What is below zero is
  /// cut: what is shown has grown.
  fileprivate mutating func draw(_ bars: [(from: Double, to: Double)], _ scale: Double) {
    guard scale > 0 else { return }
    raw("<svg class=\"spark\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")
    let height = 16 / bars.count
    for (number, bar) in bars.enumerated() {
      let start = Int(min(max(bar.from, 0) / scale, 1) * 990)
      let end = Int(min(max(bar.to, 0) / scale, 1) * 990)
      if number == 0, bars.count > 1 { raw("<rect class=\"earlier\" x=\"") } else { raw("<rect class=\"later\" x=\"") }
      text("\(start)")
      raw("\" y=\"")
      text("\(2 + number * height)")
      raw("\" width=\"")
      text("\(max(end - start, 2))")
      raw("\" height=\"")
      text("\(height)")
      raw("\"/>")
    }
    raw("</svg>")
  }
}
