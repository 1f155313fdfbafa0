// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// What the full-screen table shows, and how; what keys and answers make of it. Knows neither terminal nor socket.
package struct TopState: Sendable, Hashable {
  package enum View: String, Sendable, CaseIterable {
    case classes, tasks, ladder, keys
  }

  /// What rows are sorted by.
  package enum SortKey: String, Sendable, CaseIterable {
    case bytes, count, change, rate, name, retained

    /// The key that is pressed for it.
    var letter: Character {
      switch self {
      case .bytes: "b"
      case .count: "c"
      case .change: "d"
      case .rate: "s"
      case .name: "n"
      case .retained: "r"
      }
    }
  }

  /// What the keys ask of whoever runs the table.
  package enum Wish: Sendable, Hashable {
    case quit, askNow, askRetained, writeProfile
  }

  package var view = View.classes
  package var sortKey = SortKey.bytes
  package var isInverted = false
  /// Only names that contain it are shown; capital letters of ASCII are as small ones.
  package var filter = ""
  package private(set) var isEditingFilter = false
  package private(set) var isFrozen = false
  /// How many rows are above the first that is shown.
  package private(set) var scroll = 0
  package private(set) var changes = LiveChanges()
  package private(set) var retained: RetainedSizes?
  /// When there were retained sizes, by the clock of the tables.
  private var retainedTime: Double?
  package private(set) var tasks: [LiveTask]?
  /// Why there are no tasks; nil when there are, or nobody asked.
  package private(set) var tasksFailure: String?
  /// What is said until the next key is pressed.
  package var message: String?
  /// Why there was no newer table, until there is one.
  package private(set) var failure: String?
  /// How many rows the last frame had room for: a page.
  package var page = 10

  /// What was there before a filter was typed.
  private var filterBefore = ""

  package init() {}

  // MARK: Answers

  /// Takes a new table, unless the one that is there is to stay.
  package mutating func take(_ table: LiveTable) {
    failure = nil
    guard !isFrozen || changes.table == nil, changes.take(table) else { return }
    // What was told of another process.
    (retained, retainedTime, tasks) = (nil, nil, nil)
    message = "this is another process; changes count from here"
  }

  package mutating func take(_ tasks: [LiveTask]) {
    tasksFailure = nil
    if !isFrozen || self.tasks == nil { self.tasks = tasks }
  }

  package mutating func take(_ sizes: RetainedSizes) {
    retained = sizes
    retainedTime = changes.table?.time
    message = nil
  }

  /// How many seconds ago the retained sizes were told; nil when they were not.
  var retainedAge: Int? {
    guard let retainedTime, let now = changes.table?.time else { return nil }
    return Int(exactly: max(0, now - retainedTime).rounded())
  }

  package mutating func fail(_ reason: String) { failure = reason }

  package mutating func failTasks(_ reason: String) { tasksFailure = reason }

  // MARK: Keys

  package mutating func press(_ key: Key) -> Wish? {
    message = nil
    if isEditingFilter, let isDone = edit(key) {
      isEditingFilter = !isDone
      scroll = 0
      return nil
    }
    switch key {
    case .character(let character): return press(character)
    case .tab: show(next: 1)
    case .backTab: show(next: -1)
    case .escape: if view == .keys { show(.classes) } else { filter = "" }
    case .end: scroll = .max
    case .home: scroll = 0
    case .up: move(-1)
    case .down: move(1)
    case .pageUp: move(-page)
    case .pageDown: move(page)
    case .enter, .backspace, .eraseLine: break
    case .endOfInput: return .quit
    }
    return wishOfView
  }

  private mutating func press(_ character: Character) -> Wish? {
    if let key = SortKey.allCases.first(where: { $0.letter == character }) { return sort(by: key) }
    switch character {
    case "q": return .quit
    case "i": isInverted.toggle()
    case "j": move(1)
    case "k": move(-1)
    case "/": (isEditingFilter, filterBefore) = (true, filter)
    case "z": changes.startAnew()
    case "w": return .writeProfile
    case " ", "f":
      isFrozen.toggle()
      return isFrozen ? nil : .askNow
    case "1": show(.classes)
    case "2": show(.tasks)
    case "3": show(.ladder)
    case "?", "h": show(view == .keys ? .classes : .keys)
    default: break
    }
    return wishOfView
  }

  /// A view that has nothing to show yet is not to wait.
  private var wishOfView: Wish? { view == .tasks && tasks == nil ? .askNow : nil }

  private mutating func sort(by key: SortKey) -> Wish? {
    sortKey = key
    isInverted = false
    scroll = 0
    guard key == .retained, view == .classes else { return nil }
    return .askRetained
  }

  private mutating func show(_ view: View) {
    self.view = view
    scroll = 0
  }

  private mutating func show(next step: Int) {
    let shown: [View] = [.classes, .tasks, .ladder]
    let place = shown.firstIndex(of: view) ?? shown.count - 1
    show(shown[(place + step + shown.count) % shown.count])
  }

  private mutating func move(_ rows: Int) { scroll = max(0, scroll.addingReportingOverflow(rows).partialValue) }

  /// Takes the rows that the last frame had room for into account: what is scrolled past the end, comes back.
  package mutating func fit(rowCount: Int, page: Int) {
    self.page = max(1, page)
    scroll = min(scroll, max(0, rowCount - page))
  }

  /// Whether editing is done; nil for a key that has its usual meaning all the same.
  private mutating func edit(_ key: Key) -> Bool? {
    switch key {
    case .character(let character):
      // No name that anybody types is longer.
      if filter.utf8.count < 200 { filter.append(character) }
      return false
    case .backspace:
      if !filter.isEmpty { filter.removeLast() }
      return false
    case .eraseLine:
      filter = ""
      return false
    case .enter: return true
    case .escape:
      filter = filterBefore
      return true
    default: return nil
    }
  }
}
