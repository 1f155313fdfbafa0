// SPDX-License-Identifier: Apache-2.0

import Foundation
import SizerExports
import SizerProfile
import SizerReports
import TestSupport
import Testing

/// Writing, and what a reader of the path sees.
@Suite struct ReportFileTests {
  private static let report = HTMLReport(Statistics(randomHistory(seed: 8, objects: 30, snapshots: 3)), title: "<t>")

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try withExtendedLifetime(folder) { try body(folder.path) }
  }

  private func error(writingTo path: String) -> ReportError? {
    do throws(ReportError) {
      try Self.report.write(to: path)
      return nil
    } catch { return error }
  }

  @Test("a report is one file that only its owner reads")
  func oneFile() throws {
    try withFolder { folder in
      try Self.report.write(to: "\(folder)/a.html")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.html"])
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/a.html")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      let text = try String(contentsOfFile: "\(folder)/a.html", encoding: .utf8)
      #expect(text.hasPrefix("<!DOCTYPE html>") && text.hasSuffix("</html>\n"))
      #expect(text.contains("<title>&lt;t&gt;</title>"))
    }
  }

  @Test("the foot says whose the profile is, with the script and without")
  func origin() throws {
    var history = randomHistory(seed: 3, objects: 30, snapshots: 3)
    history.tags = ["service.name": "orders", "team": "<b>"]
    let page = String(decoding: HTMLReport(Statistics(history)).page(limits: PageLimits()), as: UTF8.self)
    #expect(page.contains("<ul class=\"origin\"><li>service.name=orders</li><li>team=&lt;b&gt;</li></ul>"))
    #expect(page.contains(#""origin":["service.name=orders","team=\u003cb\u003e"]"#))
    history.tags = [:]
    let without = String(decoding: HTMLReport(Statistics(history)).page(limits: PageLimits()), as: UTF8.self)
    #expect(without.contains(#""origin":[]"#) && !without.contains("class=\"origin\"><li>"))
  }

  @Test("the same profile gives the same bytes")
  func sameBytes() throws {
    let history = randomHistory(seed: 12, objects: 200, snapshots: 6)
    #expect(
      HTMLReport(Statistics(history)).page(limits: PageLimits())
        == HTMLReport(Statistics(history)).page(limits: PageLimits()))
  }

  @Test("an old report is replaced")
  func replacedReport() throws {
    try withFolder { folder in
      try "old".write(toFile: "\(folder)/a.html", atomically: false, encoding: .utf8)
      let old = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(folder)/a.html"))
      try Self.report.write(to: "\(folder)/a.html")
      #expect(try old.readToEnd() == Data("old".utf8), "who has it open reads on in the old one")
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.html")).count > 10_000)
    }
  }

  @Test("a path that can be no file is refused and nothing is left")
  func refusedPaths() throws {
    try withFolder { folder in
      #expect(error(writingTo: "")?.code == .invalidPath)
      #expect(error(writingTo: "\(folder)/a\0b")?.code == .invalidPath)
      #expect(error(writingTo: folder)?.code == .invalidPath)
      let missing = try #require(error(writingTo: "\(folder)/none/a.html"))
      #expect(missing.code == .notWritable && missing.path == "\(folder)/none/a.html")
      #expect(missing.operation == "HTMLReport.write(to:)" && missing.cause == .system(errno: ENOENT))
      #expect(missing.message.contains("No such file or directory") && missing.description.contains("notWritable"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test("a link leads to the file that is replaced; a device is written to")
  func linksAndDevices() throws {
    try withFolder { folder in
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "a.html")
      for _ in 0..<2 {
        try Self.report.write(to: "\(folder)/link")
        let kind = try FileManager.default.attributesOfItem(atPath: "\(folder)/link")[.type]
        #expect(kind as? FileAttributeType == .typeSymbolicLink)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.html")).count > 10_000)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.html", "link"])
      #expect(error(writingTo: "/dev/null") == nil)
      #expect(error(writingTo: "/dev/full")?.code == .diskFull)
      let kind = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
      #expect(kind as? FileAttributeType == .typeCharacterSpecial)
    }
  }

  @Test("the policy admits the style and the script by their hashes")
  func policy() throws {
    let page = Self.report.page(limits: PageLimits())
    let text = String(decoding: page, as: UTF8.self)
    for (kind, start, end) in [
      ("style-src", "<style>", "</style>"), ("script-src", "</script>\n<script>", "</script>\n</body>"),
    ] {
      let from = try #require(text.range(of: start)).upperBound
      let to = try #require(text.range(of: end, range: from..<text.endIndex)).lowerBound
      #expect(text.contains("\(kind) 'sha256-\(SHA256.base64(of: Array(text[from..<to].utf8)))'"))
    }
    #expect(text.contains("default-src 'none'"))
    for forbidden in [
      "unsafe-inline", "unsafe-eval", "innerHTML", "http://www.w3.org/1999", "https://", "@import", "url(",
    ] {
      #expect(!text.contains(forbidden))
    }
  }

  @Test("without a script the page has its totals")
  func withoutScript() throws {
    let text = String(decoding: Self.report.page(limits: PageLimits()), as: UTF8.self)
    let summary = try #require(text.range(of: "<div id=\"summary\">"))
    let script = try #require(text.range(of: "<script"))
    let shown = text[summary.upperBound..<script.lowerBound]
    for snapshot in randomHistory(seed: 8, objects: 30, snapshots: 3).snapshots {
      #expect(
        shown.contains(
          "\(Sentences.bytes(snapshot.trackedBytes)) in \(snapshot.classes.values.reduce(0) { $0 + $1.active }) living")
      )
    }
    #expect(shown.contains("Class3"))
  }
}
