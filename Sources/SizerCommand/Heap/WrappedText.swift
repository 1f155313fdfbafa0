// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// A path on as many lines as it needs: it is read from its begin to its end, so that nothing of it may be left out.
struct WrappedText {
  /// The first stands behind what is on its line already, the others are indented.
  private(set) var lines: [String] = []
  private var room: Int
  private let width: Int
  private static let indent = "    "

  /// - Parameters:
  ///   - room: Columns that the first line has.
  ///   - width: Columns of the others, with their indent.
  init(_ text: String, room: Int, width: Int) {
    self.room = room
    self.width = max(width, HeapTable.least)
    if room < HeapTable.least { close("") }
    // What a terminal would obey is spelled out; nobody reads longer ones.
    var rest = FittedText(text, in: 1 << 16).text[...]
    var line = ""
    while !rest.isEmpty {
      let end = rest.dropFirst().firstIndex(of: " ") ?? rest.endIndex
      let word = rest[..<end]
      rest = rest[end...]
      guard columns(line) + columns(word) > self.room, word != " ->" else {
        line += word
        continue
      }
      // An arrow stands before what it leads to.
      let isBehindArrow = line.hasSuffix(" ->")
      if isBehindArrow { line.removeLast(3) }
      close(line)
      line = ""
      add((isBehindArrow ? "->" : "") + (isBehindArrow ? word : word.drop { $0 == " " }), to: &line)
    }
    if !line.isEmpty { close(line) }
  }

  private mutating func close(_ line: String) {
    lines.append(line)
    room = width - Self.indent.utf8.count
  }

  /// What is wider than a line is cut where the line ends.
  private mutating func add(_ word: some StringProtocol, to line: inout String) {
    var used = columns(line)
    for character in word {
      let width = columns(String(character))
      if used + width > room {
        close(line)
        line = ""
        used = 0
      }
      line.append(character)
      used += width
    }
  }

  private func columns(_ text: some StringProtocol) -> Int { FittedText(String(text), in: 1 << 16).width }

  /// All lines, as they are printed behind what stands on the first.
  var text: String { lines.joined(separator: "\n" + Self.indent) }
}
