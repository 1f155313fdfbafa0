// SPDX-License-Identifier: Apache-2.0
import SizerCommand
import SizerProfile
import SizerReports
import Testing

@Suite("Answers of a live process")
struct LiveTableTests {
  @Test("a table has what the answer says")
  func table() throws {
    let answer = try Tables.answer(
      """
      {"program": "/a/b", "process": 12, "secondsSince1970": 1.5, "pauseMicroseconds": 400, "objects": 3, "bytes": 96,
       "classes": [{"type": "A", "count": 2, "bytes": 64, "requestedBytes": 60, "unusedCapacityBytes": 4},
                   {"type": "B", "count": 1, "bytes": 32}],
       "others": {"types": 4, "count": 5, "bytes": 6}, "ladder": [{"name": "rest", "bytes": -7}], "resident": 99}
      """)
    let table = try #require(LiveTable(answer))
    #expect(table.program == "/a/b")
    #expect((table.process, table.time, table.pauseMicroseconds) == (12, 1.5, 400))
    #expect((table.objects, table.bytes, table.resident) == (3, 96, 99))
    #expect(
      table.classes == [
        .init(type: "A", count: 2, bytes: 64, requestedBytes: 60, unusedCapacityBytes: 4),
        .init(type: "B", count: 1, bytes: 32),
      ])
    #expect((table.others.types, table.others.count, table.others.bytes) == (4, 5, 6))
    #expect(table.ladder == [.init(name: "rest", bytes: -7)])
  }

  @Test("types of one name are one row, and names that only look alike are two")
  func merged() throws {
    let table = try #require(
      LiveTable(
        try Tables.answer(
          #"""
          {"process": 1, "secondsSince1970": 0, "classes": [{"type": "A.é", "count": 2, "bytes": 64},
           {"type": "A.e\u0301", "count": 1, "bytes": 8}, {"type": "A.é", "count": 3, "bytes": 16}]}
          """#)))
    #expect(table.classes.map(\.count) == [5, 1])
    #expect(table.classes.map(\.bytes) == [80, 8])
  }

  @Test(
    "what is no table is none",
    arguments: [
      "null", "[]", "{}", #"{"classes": [], "process": 1}"#, #"{"classes": 1, "process": 1, "secondsSince1970": 1}"#,
      #"{"classes": [1], "process": 1, "secondsSince1970": 1}"#, #"{"classes": [], "secondsSince1970": 1}"#,
    ])
  func none(_ text: String) throws {
    #expect(LiveTable(try Tables.answer(text)) == nil)
  }

  @Test("figures that no process can have do not end the program")
  func absurd() throws {
    var changes = LiveChanges()
    for (time, bytes) in [("-1e300", "-1e300"), ("1e300", "9e300"), ("1e300", "-9223372036854775808"), ("0", "1e18")] {
      let rows = (0..<3).map { #"{"type": "T\#($0 / 2)", "count": \#(bytes), "bytes": \#(bytes)}"# }
      let text =
        #"{"process": \#(bytes), "secondsSince1970": \#(time), "resident": \#(bytes), "objects": \#(bytes), "#
        + #""pauseMicroseconds": \#(bytes), "classes": [\#(rows.joined(separator: ","))]}"#
      changes.take(try #require(LiveTable(try Tables.answer(text))))
      var state = TopState()
      state.take(try #require(changes.table))
      let frame = TopFrame(state, size: .init(columns: 80, rows: 24), style: .init(), interval: .seconds(1))
      #expect(frame.lines.count == 24)
    }
  }

  @Test("tasks and retained sizes are what the answers say")
  func others() throws {
    let tasks = try #require(
      LiveTask.list(
        try Tables.answer(
          #"""
          {"tasks": [{"creator": null, "state": "running", "count": 1, "bytes": 2, "retainedBytes": 3,
                      "frames": ["f"]}]}
          """#)))
    #expect(tasks.count == 1)
    #expect(tasks[0].creator == nil)
    #expect((tasks[0].state, tasks[0].count, tasks[0].bytes, tasks[0].retainedBytes) == ("running", 1, 2, 3))
    #expect(tasks[0].frames == ["f"])
    let sizes = try #require(
      RetainedSizes(
        try Tables.answer(
          #"{"classes": [{"type": "A", "retainedBytes": 5}, {"type": "A", "retainedBytes": 3}]}"#)))
    #expect(sizes["A"] == 5)
    #expect(sizes["B"] == nil)
    #expect(LiveTask.list(try Tables.answer("{}")) == nil)
    #expect(RetainedSizes(try Tables.answer(#"{"classes": [{}]}"#)) == nil)
  }
}
