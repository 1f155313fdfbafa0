// SPDX-License-Identifier: Apache-2.0

import SizerProfile
package import SizerReports

/// Columns and rows of a screen.
package struct ScreenSize: Sendable, Hashable {
  package var columns: Int
  package var rows: Int

  package init(columns: Int, rows: Int) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
  }
}

/// One picture of the full-screen table: as many lines as the screen has at most, none wider than it. What comes from
/// the process is in it only as it is safe to show.
package struct TopFrame: Sendable, Hashable {
  package private(set) var lines: [String]
  /// How many rows the table has, and how many of them there is room for.
  package private(set) var rowCount = 0
  package let page: Int

  private let state: TopState
  private let size: ScreenSize
  private let style: TextStyle

  /// Draws it.
  ///
  /// - Parameters:
  ///   - interval: How often there is a new table.
  package init(_ state: TopState, size: ScreenSize, style: TextStyle, interval: Duration) {
    (self.state, self.size, self.style) = (state, size, style)
    // On a low screen the table's own lines matter most.
    let headCount = min(3, max(0, size.rows - 4))
    page = max(1, size.rows - headCount - 2)
    lines = []
    let body = body()
    lines = Array((head(interval).prefix(headCount) + body).prefix(max(1, size.rows - 1)))
    guard size.rows > 1 else { return }
    lines += Array(repeating: "", count: size.rows - 1 - lines.count) + [footer]
  }

  private mutating func body() -> [String] {
    if state.view == .keys { return Self.keys.map(fitted) }
    var total = 0
    let page = page
    let made = state.table { count in
      total = count
      let start = min(state.scroll, max(0, count - page))
      return start..<min(count, start + page)
    }
    rowCount = total
    guard let made else {
      guard state.view == .tasks else { return [fitted("waiting for the first table")] }
      return [fitted(state.tasksFailure.map { "no tasks: \($0)" } ?? "waiting for the tasks")]
    }
    return made.table.lines(in: size.columns, style: style)
  }

  private func fitted(_ text: String) -> String { FittedText(text, in: size.columns).text }

  private func heading(_ text: String) -> String { style.emphasised(fitted(text), .heading) }

  // MARK: Above the table

  private func head(_ interval: Duration) -> [String] {
    [heading(TopHead.title(state, interval: interval)), fitted(TopHead.totals(state)), fitted(views)]
  }

  /// Which view it is, what it is sorted by and which part of it is seen.
  private var views: String {
    var parts = [
      ["classes", "tasks", "ladder"].map { $0 == state.view.rawValue ? "[\($0)]" : $0 }.joined(separator: " ")
    ]
    if state.view == .classes || state.view == .tasks {
      parts.append("by \(state.sortKey.rawValue)\(state.isInverted ? ", inverted" : "")")
    }
    if rowCount > 0, state.view != .keys {
      let start = min(state.scroll, max(0, rowCount - page))
      parts.append("\(start + 1)-\(min(rowCount, start + page)) of \(rowCount)")
    }
    if let others = state.changes.table?.others.types, others > 0, state.view == .classes {
      parts.append("\(others) not listed")
    }
    if !state.filter.isEmpty, state.view != .ladder { parts.append("filter \(state.filter)") }
    if state.view == .classes, let age = state.retainedAge { parts.append("retained \(age) s ago") }
    return parts.joined(separator: "  ")
  }

  // MARK: Below it

  private var footer: String {
    // The end of what is typed is what is looked at.
    if state.isEditingFilter {
      return "/" + FittedText(state.filter + "_", in: size.columns - 1, keeping: .end).text
    }
    if let message = state.message { return heading(message) }
    if let failure = state.failure { return heading("no new table: \(failure)") }
    return fitted("q quit  ? keys  Tab view  b c d s n r sort  / filter  Space freeze  w write")
  }

  private static let keys = [
    "1 2 3, Tab       classes, tasks, the ladder of memory",
    "b c d s n        sort by bytes, count, change, change per second, name",
    "r                ask what each type retains, and sort by that",
    "i                invert the order",
    "/                only names with this text; Enter keeps it, Escape does not",
    "Escape           all names again",
    "Space, f         freeze, and go on",
    "z                count changes from now on",
    "w                write a profile, if the process records one",
    "arrows, j k      a row up or down; Page Up, Page Down, Home, End",
    "?, h             the keys, and back",
    "q, Control-C     quit",
  ]
}
