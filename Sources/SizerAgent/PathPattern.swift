// SPDX-License-Identifier: Apache-2.0

/// A path with marks in it for what tells processes apart: `%p` for a process's number, `%t` for when it was started,
/// `%h` for the host's name, and `%%` for a percent sign. Other texts behind a percent sign stand for themselves.
package struct PathPattern: Sendable, Hashable {
  private enum Part: Sendable, Hashable {
    case text(String)
    case number, time, host
  }

  private var parts: [Part] = []

  package init(_ pattern: String) {
    var text = ""
    var rest = pattern[...]
    func mark(_ character: Character?) -> Part? {
      switch character {
      case "p": .number
      case "t": .time
      case "h": .host
      case "%": .text("%")
      default: nil
      }
    }
    while let character = rest.popFirst() {
      guard character == "%", let part = mark(rest.first) else {
        text.append(character)
        continue
      }
      rest.removeFirst()
      if case .text(let percent) = part {
        text += percent
        continue
      }
      if !text.isEmpty { parts.append(.text(text)) }
      text = ""
      parts.append(part)
    }
    if !text.isEmpty { parts.append(.text(text)) }
  }

  /// Whether processes at the same time on one host have paths of their own.
  package var namesProcess: Bool { parts.contains(.number) }

  /// Whether nothing but a process's number is open.
  package var isPinned: Bool { !parts.contains(.time) && !parts.contains(.host) }

  /// The path of a process.
  package func path(for marks: ProcessMarks) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .number: String(marks.number)
      case .time: marks.time
      case .host: marks.host
      }
    }.joined()
  }

  /// The pattern, as text, in which time and host are these and only the number is open.
  package func pinned(to marks: ProcessMarks) -> String {
    parts.map { part in
      switch part {
      case .text(let text): Self.escaped(text)
      case .number: "%p"
      case .time: Self.escaped(marks.time)
      case .host: Self.escaped(marks.host)
      }
    }.joined()
  }

  /// A text as a pattern that stands for it.
  package static func escaped(_ text: String) -> String {
    text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
  }

  /// Whether a name is that of some process: of the one with this number, or of any.
  package func matches(_ name: String, number: Int32? = nil) -> Bool { Self.match(parts[...], name[...], number) }

  private static func match(_ parts: ArraySlice<Part>, _ name: Substring, _ number: Int32?) -> Bool {
    guard let part = parts.first else { return name.isEmpty }
    let rest = parts.dropFirst()
    // Shorter ones first; a number's or a host's end is where the rest matches.
    func some(where isMeant: (Character) -> Bool) -> Bool {
      let most = name.prefix { isMeant($0) }
      return most.indices.contains { match(rest, name[name.index(after: $0)...], number) }
    }
    switch part {
    case .text(let text): return name.hasPrefix(text) && match(rest, name.dropFirst(text.count), number)
    case .number:
      guard let number else { return some { $0.isASCII && $0.isNumber } }
      return name.hasPrefix(String(number)) && match(rest, name.dropFirst(String(number).count), number)
    case .time:
      let (time, more) = (name.prefix(ProcessMarks.timeLength), name.dropFirst(ProcessMarks.timeLength))
      return ProcessMarks.isTime(time) && match(rest, more, number)
    case .host: return some { $0 != "/" }
    }
  }
}
