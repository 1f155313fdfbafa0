// SPDX-License-Identifier: Apache-2.0
import SizerReports
import Testing

@Suite("The page of a fleet")
struct FleetPageTests {
  private static let hostile = [
    "<script>alert(1)</script>", "a,b\"c'", "two\nlines\r\nthree", "\u{1B}[2J", "\" onload=\"x", "漢字 é", "",
    " spaces ", "</title><img src=x>",
  ]

  private func csv(_ rows: [[String]]) -> String {
    rows.map { row in
      row.map { String(decoding: CSVWriter.cell($0, spellsControls: false), as: UTF8.self) }.joined(separator: ",")
    }.joined(separator: "\n") + "\n"
  }

  private func page(_ answers: [FleetAnswer], _ report: @escaping (String) -> String? = { _ in nil }) -> String {
    String(decoding: FleetPage(answers, title: Self.hostile[0], report: report).bytes, as: UTF8.self)
  }

  private let growth = [
    "class", "pods_a", "pods_b", "a_bytes_per_hour", "b_bytes_per_hour", "low", "high", "growing_b_percent",
  ]
  private let differ = ["service", "version", "pod", "class", "bytes", "expected", "deviations", "file"]

  @Test("which question it is, its columns tell; texts are as they were", arguments: ["\n", "\r\n"])
  func answers(end: String) throws {
    let rows = Self.hostile.enumerated().map { ["orders", "1.10", $1, "Shop.Log", "\($0)", "-3", "7", "a.sizer"] }
    let texts = csv([differ] + rows)
    let answer = try #require(FleetAnswer(end == "\n" ? texts : texts.replacing("\n", with: "\r\n")))
    #expect(answer.question == .differ)
    #expect(answer.rowCount == Self.hostile.count)
    for (row, text) in Self.hostile.enumerated() {
      // A line end within quotes is a part of the text.
      #expect(answer.text(row, "pod") == (end == "\n" ? text : text.replacing("\n", with: "\r\n")))
      #expect(answer.number(row, "bytes") == Double(row) && answer.number(row, "expected") == -3)
    }
    #expect(FleetAnswer(csv([growth]))?.rowCount == 0)
    #expect(FleetAnswer(csv([["class", "p95", "median", "largest", "fleet", "pods_with_it"]]))?.question == .top)
  }

  @Test(
    "what is no answer is none",
    arguments: [
      "", "\n", "class,bytes\na,1\n", "service,version,pod,class,bytes,expected,deviations\na,b\n", "\"class",
      "a\"b\"c,\"d\"e",
    ])
  func rubbish(text: String) { #expect(FleetAnswer(text) == nil) }

  @Test("a page shows figures, and makes text of all texts; it has no script and admits none")
  func markup() throws {
    let grown = try #require(
      FleetAnswer(csv([growth, ["Shop.Session", "15", "15", "2389", "720753", "366057", "1070671", "100"]])))
    let different = try #require(
      FleetAnswer(csv([differ] + Self.hostile.map { ["orders", $0, $0, $0, "974016", "16868", "14", $0] })))
    let page = page([grown, different]) { "reports/\($0)" }
    #expect(page.hasPrefix("<!DOCTYPE html>"))
    for text in ["Shop.Session", "704 KB", "357 KB", "100 %", "951 KB", "16.5 KB"] { #expect(page.contains(text)) }
    for text in ["<script", "<img", "script-src", "\u{1B}"] { #expect(!page.contains(text)) }
    #expect(page.contains("content=\"default-src 'none'; style-src 'sha256-"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("\" onload=\"x"))
    #expect(page.contains("<a href=\"reports/"))
    #expect(page.components(of: "<rect") == 1 + 2 * Self.hostile.count)
  }

  @Test("without a report there is no link, without rows a word")
  func without() throws {
    let page = page([try #require(FleetAnswer(csv([differ])))])
    #expect(!page.contains("<a ") && page.contains("None."))
  }

  @Test("a page of any answer is below 5 MB, and says what is missing")
  func limits() throws {
    let long = String(repeating: "x", count: 20_000)
    let rows = (0..<700).map { ["orders", "1.10", "\($0)", long, "974016", "16868", "14", "f"] }
    let page = page([try #require(FleetAnswer(csv([differ] + rows)))])
    #expect(page.utf8.count < 5_000_000)
    #expect(page.contains("of 700 are here."))
  }

  @Test("figures of no sense do no harm", arguments: ["nan", "1e300", "-1e300", "x", "", "inf", "9e14"])
  func figures(text: String) throws {
    let answer = try #require(FleetAnswer(csv([growth, ["C"] + Array(repeating: text, count: 7)])))
    #expect(page([answer]).contains("<bdi>C</bdi>"))
  }
}

extension String {
  /// How often a text is in it.
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
