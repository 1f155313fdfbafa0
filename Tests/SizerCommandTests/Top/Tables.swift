// SPDX-License-Identifier: Apache-2.0
import SizerCommand
import SizerProfile
import Testing

/// Tables as a process would answer them.
enum Tables {
  static func table(
    at time: Double, _ classes: [(String, count: Int, bytes: Int)], process: Int = 7, notListed: Int = 0
  ) -> LiveTable {
    var table = LiveTable()
    (table.program, table.process, table.time) = ("/usr/bin/server", process, time)
    table.classes = classes.map { .init(type: $0, count: $1, bytes: $2) }
    table.objects = classes.reduce(0) { $0 + $1.count }
    table.bytes = classes.reduce(0) { $0 + $1.bytes }
    table.resident = 1 << 24
    table.others.types = notListed
    table.ladder = [.init(name: "Swift objects", bytes: table.bytes), .init(name: "rest", bytes: -table.bytes)]
    return table
  }

  /// What a process answers, word for word.
  static func answer(_ text: String) throws -> JSONValue { try #require(JSONValue(Array(text.utf8))) }
}

extension LiveChanges {
  func row(_ type: String) -> Row? { rows.first { $0.type == type } }
}
