// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerAgent
import Testing

@Suite("Paths that tell processes apart")
struct PathPatternTests {
  private let marks = ProcessMarks(number: 42, time: "20261129T131506.512Z", host: "pod-7f")

  @Test(
    "a path names process, time and host where it says so",
    arguments: [
      ("%p", "42"), ("a.%p.sizer", "a.42.sizer"), ("%p%p", "4242"), ("100%%p", "100%p"), ("%q%", "%q%"), ("", ""),
      ("%%%p", "%42"), ("%h/%t.%p", "pod-7f/20261129T131506.512Z.42"), ("%%t%t", "%t20261129T131506.512Z"),
    ])
  func paths(_ pattern: String, _ path: String) {
    #expect(PathPattern(pattern).path(for: marks) == path)
    // What is pinned says the same, for whatever time and host it is asked.
    let pinned = PathPattern(PathPattern(pattern).pinned(to: marks))
    #expect(pinned.isPinned && pinned.path(for: ProcessMarks(number: 42, time: "", host: "")) == path)
    #expect(PathPattern(pattern).matches(path) && PathPattern(pattern).matches(path, number: 42))
    #expect(PathPattern(PathPattern.escaped(pattern)).path(for: marks) == pattern)
  }

  @Test("only names of its form match")
  func matching() {
    let pattern = PathPattern("a.%p.%t.%h.sizer")
    let name = pattern.path(for: marks)
    #expect(pattern.matches(name) && pattern.matches(name, number: 42) && !pattern.matches(name, number: 4))
    for other in [
      "a..20261129T131506.512Z.x.sizer", "a.4x.20261129T131506.512Z.x.sizer", "a.42.20261129T131506.512.x.sizer",
      "a.42.20261129T13150६.512Z.x.sizer", "a.42.20261129T131506.512Z..sizer", "b" + name, name + "x", "",
    ] { #expect(!pattern.matches(other), "\(other)") }
    #expect(PathPattern("%p5").matches("155") && !PathPattern("%p5").matches("5") && !PathPattern("%p5").matches("15x"))
    #expect(PathPattern("%p").namesProcess && !PathPattern("%%p.%t").namesProcess)
  }

  @Test("times are UTC's and sort, hosts are fit for files")
  func marksOfProcesses() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyyMMdd'T'HHmmss.SSS'Z'"
    for seconds in [0, 951_782_400, 1_709_164_800, 1_764_422_106, 4_102_444_799] {
      let date = Date(timeIntervalSince1970: Double(seconds) + 0.25)
      #expect(ProcessMarks.time(seconds: seconds, milliseconds: 250) == formatter.string(from: date))
    }
    let own = ProcessMarks.ofThisProcess
    let now = try #require(formatter.date(from: own.time))
    #expect(own.number == ProcessInfo.processInfo.processIdentifier && abs(now.timeIntervalSinceNow) < 3_600)
    #expect(ProcessMarks.fileName("web-1.example_org") == "web-1.example_org")
    #expect(ProcessMarks.fileName("a/b c\u{7}é%p") == "a_b_c___p" && ProcessMarks.fileName("") == "host")
    #expect(own.host == ProcessMarks.fileName(own.host))
  }
}
