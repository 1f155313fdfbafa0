// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile
import SizerReports

/// What is said of a process and its whole heap. Not yet fitted, and so not yet safe to show.
enum TopHead {
  /// - Parameter interval: How often there is a new table; nil when there is this one only.
  static func title(_ state: TopState, interval: Duration?) -> String {
    guard let table = state.changes.table else { return "sizer top" }
    let name = FittedText(String(table.program.lastPathComponent), in: 24, keeping: .both).text
    var parts = ["\(name), process \(table.process)"]
    if let interval {
      parts.append(state.isFrozen ? "FROZEN" : "every \(text(interval))")
      parts.append("changes over \(timeText(.seconds(state.changes.seconds)).dropLast(3))")
    }
    return (parts + ["pause \(pause(table)) ms"]).joined(separator: "  ")
  }

  static func totals(_ state: TopState) -> String {
    guard let table = state.changes.table else { return "" }
    let change = state.changes.totals
    func text(_ change: Int, _ spelled: (Int) -> String) -> String { change == 0 ? "" : " (\(spelled(change)))" }
    return
      "resident \(shortSize(table.resident))\(text(change.resident, signedSize))  \(counted(table.objects, "object"))"
      + "\(text(change.objects) { $0 > 0 ? "+\($0)" : String($0) })  \(shortSize(table.bytes))"
      + text(change.bytes, signedSize)
  }

  /// In milliseconds with two decimals.
  private static func pause(_ table: LiveTable) -> String {
    let hundredths = max(0, table.pauseMicroseconds) / 10
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  /// `500 ms`, `2 s`, `8.2 s`.
  private static func text(_ interval: Duration) -> String {
    let (seconds, attoseconds) = interval.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    guard seconds > 0 else { return "\(milliseconds) ms" }
    return milliseconds < 100 ? "\(seconds) s" : "\(seconds).\(milliseconds / 100) s"
  }
}
