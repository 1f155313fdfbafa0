// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Text: summary")
struct SummaryTextTests {
  private func summary(_ snapshots: [Snapshot]) -> String {
    var text = ""
    Statistics(History(snapshots: snapshots)).printSummary(to: &text)
    return text
  }

  @Test("a limit that the process itself comes near is told")
  func limit() {
    func at(_ current: Int, resident: Int, limit: Int? = 1 << 30) -> Snapshot {
      Snapshot(process: ProcessMemory(resident: resident, cgroupCurrent: current, cgroupLimit: limit))
    }
    let far = at(900 << 20, resident: 500 << 20)  // others' memory, or files
    #expect(!summary([far, at(0, resident: 1 << 40, limit: nil), Snapshot()]).contains("limit"))
    let text = summary([far, at(800 << 20, resident: 700 << 20), at(900 << 20, resident: 600 << 20), far])
    #expect(text.contains("\nlimit: 900.00 MB of the cgroup's 1024.00 MB, of which 600.00 MB resident here\n"))
  }

  @Test("the table of the seed example stands in its columns")
  func literal() {
    let snapshots = [
      Snapshot(
        trackedBytes: 1_279_262,
        classes: ["Factory": ClassRecord(active: 1, bytes: 344), "__main__.Employee": ClassRecord()]),
      Snapshot(
        trackedBytes: 1_488_978,
        classes: [
          "Factory": ClassRecord(active: 1, bytes: 4864),
          "__main__.Employee": ClassRecord(active: 1000, bytes: 200_069),
        ]),
    ]
    #expect(
      summary(snapshots) == """
        ---- SUMMARY ------------------------------------------------------------------
                                                 active      1.22 MB      average   pct
          Factory                                     1    344     B    344     B    0%
          __main__.Employee                           0      0     B      0     B    0%
                                                 active      1.42 MB      average   pct
          Factory                                     1      4.75 KB      4.75 KB    0%
          __main__.Employee                        1000    195.38 KB    200     B   13%
        pct: share of the tracked bytes of that snapshot
        -------------------------------------------------------------------------------

        """)
  }

  @Test("a class is listed from the snapshot on in which it appears, and stays")
  func appearing() {
    let snapshots = [
      Snapshot(label: "start", trackedBytes: 10, classes: ["B": ClassRecord(active: 1, bytes: 10)]),
      Snapshot(label: "more", trackedBytes: 30, classes: ["A": ClassRecord(active: 2, bytes: 30)]),
      Snapshot(label: "nothing"),
    ]
    #expect(
      summary(snapshots) == """
        ---- SUMMARY ------------------------------------------------------------------
        start                                    active     10     B      average   pct
          B                                           1     10     B     10     B  100%
        more                                     active     30     B      average   pct
          A                                           2     30     B     15     B  100%
          B                                           0      0     B      0     B    0%
        nothing                                  active      0     B      average   pct
          A                                           0      0     B      0     B    0%
          B                                           0      0     B      0     B    0%
        pct: share of the tracked bytes of that snapshot
        -------------------------------------------------------------------------------

        """)
  }

  @Test("folded, many classes are the twenty largest and one row for the rest")
  func foldedClasses() {
    var classes: [String: ClassRecord] = [:]
    for number in 1...500 { classes["C\(1000 + number)"] = ClassRecord(active: 2, bytes: number) }
    var text = ""
    Statistics(History(snapshots: [Snapshot(trackedBytes: 125_250, classes: classes)]))
      .printSummary(folded: true, to: &text)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.contains("active") }
    #expect(rows.dropLast().map { $0.split(separator: " ")[0] } == (481...500).map { "C\(1000 + $0)" })
    // 480 classes of 1 to 480 bytes are 115,440 bytes.
    #expect(rows.last?.split(separator: " ").joined(separator: " ") == "(480 smaller) 960 112.73 KB 120 B 92%")
  }

  @Test("nothing recorded prints an empty table")
  func empty() {
    #expect(
      summary([]) == """
        ---- SUMMARY ------------------------------------------------------------------
        pct: share of the tracked bytes of that snapshot
        -------------------------------------------------------------------------------

        """)
  }

  @Test("what failed or is not exact is told, and a failed snapshot shows no zeros")
  func notes() {
    let snapshots = [
      Snapshot(label: "a", trackedBytes: 8, skippedCount: 2, classes: ["A": ClassRecord(active: 1, bytes: 8)]),
      Snapshot(label: "b", error: "no memory\nfor it"),
      Snapshot(
        label: "c", trackedBytes: 8, skippedCount: 5, unresolvedCount: 1, classes: ["A": ClassRecord()],
        estimatedBytes: 2_048),
    ]
    #expect(
      summary(snapshots) == """
        ---- SUMMARY ------------------------------------------------------------------
        a                                        active      8     B      average   pct
          A                                           1      8     B      8     B  100%
        b                                        active      0     B      average   pct
        c                                        active      8     B      average   pct
          A                                           0      0     B      0     B    0%
        failed: 1 of 3 snapshots, the first with: no memory\\nfor it
        skipped: at most 5 objects in 2 of 3 snapshots, not sized anew
        unresolved: at most 1 object in 1 of 3 snapshots, not followed
        estimated: at most 2.00 KB of the tracked bytes in 1 of 3 snapshots
        pct: share of the tracked bytes of that snapshot
        -------------------------------------------------------------------------------

        """)
  }

  @Test("what was only counted is told apart from what failed")
  func counts() {
    let snapshots = [
      Snapshot(label: "a", trackedBytes: 8, classes: ["A": ClassRecord(active: 1, bytes: 8)]),
      Snapshot(
        label: "b", trackedBytes: 4, mode: .counts, skippedCount: 1, classes: ["A": ClassRecord(active: 1, bytes: 4)],
        error: "no memory"),
      Snapshot(label: "c", error: "no luck"),
    ]
    #expect(
      summary(snapshots) == """
        ---- SUMMARY ------------------------------------------------------------------
        a                                        active      8     B      average   pct
          A                                           1      8     B      8     B  100%
        b                                        active      4     B      average   pct
          A                                           1      4     B      4     B  100%
        c                                        active      0     B      average   pct
        counts: 1 of 3 snapshots have counts and own bytes only, the first for
          no memory
        failed: 1 of 3 snapshots, the first with: no luck
        skipped: at most 1 object in 1 of 3 snapshots, not sized anew
        pct: share of the tracked bytes of that snapshot
        -------------------------------------------------------------------------------

        """)
  }

  @Test("every line of the table is 79 columns wide, whatever labels and names are")
  func hostileNames() {
    let names = [
      "App.Outer.Cache<Swift.String, Swift.Array<App.Outer.Entry>>",
      "App.Outer.Cache<Swift.String, Swift.Set<App.Outer.Entry>>",
      "<script>alert(1)</script>", "two\nlines", "\u{1B}[2J", "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", "", "a/b",
    ]
    let classes = Dictionary(uniqueKeysWithValues: names.map { ($0, ClassRecord(active: 1, bytes: 8)) })
    let lines = summary([Snapshot(label: "a\r\nb" + names[0], trackedBytes: 64, classes: classes)])
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 2 + names.count + 3)
    for line in lines.prefix(2 + names.count) {
      #expect(FittedText(String(line), in: 1000).width == 79, "\(line)")
    }
    #expect(Set(lines.map(String.init)).count == lines.count)
  }

  @Test("the share is never above 100 %, even if a class has more than all", arguments: [0, 1, 10, 11, 1000])
  func share(tracked: Int) {
    let text = summary([Snapshot(trackedBytes: tracked, classes: ["A": ClassRecord(active: 1, bytes: 1000)])])
    #expect(text.contains(tracked == 0 ? "    0%\n" : "  100%\n"))
  }

  @Test("a figure that is larger than its column does not end the program")
  func huge() {
    let text = summary([
      Snapshot(
        trackedBytes: .max, classes: ["A": ClassRecord(active: .max, bytes: .max), "B": ClassRecord(bytes: .min)])
    ])
    #expect(text.contains("9223372036854775807      8.00 EB      1     B  100%\n"))
    #expect(text.contains("  B                                           0     -8.00 EB      0     B    0%\n"))
  }
}
