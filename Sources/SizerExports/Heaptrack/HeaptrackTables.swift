// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// What lines of heaptrack's form refer to by number; each is written when it is needed first.
struct HeaptrackTables {
  private struct Step: Hashable {
    var call: Int
    var parent: Int
  }

  private struct Allocation: Hashable {
    var bytes: Int
    var trace: Int
  }

  private var texts = NumberTable<String>(from: 1)
  private var calls = NumberTable<[StackTrace.Frame]>(from: 1)
  private var steps = NumberTable<Step>(from: 1)
  /// By the number of a trace of the history; -1: none.
  private var traces: [Int: Int] = [:]
  private var allocations = NumberTable<Allocation>()
  private static let unknown = StackTrace(frames: [StackTrace.Frame(address: 1, function: "(no stack recorded)")])

  /// A letter, and a number in hexadecimal.
  static func line(_ letter: StaticString, _ number: Int, to buffer: inout ExportBuffer) {
    buffer.add(letter)
    buffer.add(" \(hexadecimal(max(number, 0)))\n")
  }

  private static func hexadecimal(_ number: some BinaryInteger) -> String { String(number, radix: 16) }

  /// The number of an allocation: from 0, unlike all others.
  ///
  /// - Parameter number: The trace's in the history.
  mutating func allocation(_ bytes: Int, _ number: Int?, _ trace: StackTrace?, to buffer: inout ExportBuffer) -> Int {
    let known = traces[number ?? -1] ?? self.trace(trace ?? Self.unknown, to: &buffer)
    traces[number ?? -1] = known
    let allocation = Allocation(bytes: max(bytes, 0), trace: known)
    let (place, isNew) = allocations.number(of: allocation)
    if isNew { buffer.add("a \(Self.hexadecimal(allocation.bytes)) \(Self.hexadecimal(known))\n") }
    return place
  }

  private mutating func trace(_ trace: StackTrace, to buffer: inout ExportBuffer) -> Int {
    var parent = 0
    for frames in trace.calls.reversed() {
      let step = Step(call: call(frames, to: &buffer), parent: parent)
      let (number, isNew) = steps.number(of: step)
      if isNew { buffer.add("t \(Self.hexadecimal(step.call)) \(Self.hexadecimal(parent))\n") }
      parent = number
    }
    return parent
  }

  /// - Parameter frames: A call and what was inlined into it, the innermost first.
  private mutating func call(_ frames: [StackTrace.Frame], to buffer: inout ExportBuffer) -> Int {
    let (number, isNew) = calls.number(of: frames)
    guard isNew else { return number }
    let image = text(frames[0].image, to: &buffer)
    var line = "i \(Self.hexadecimal(frames[0].address &- 1)) \(Self.hexadecimal(image))"
    for frame in frames {
      guard let function = frame.function else { continue }
      for number in [text(function, to: &buffer), text(frame.file, to: &buffer), max(frame.line, 0)] {
        line += " " + Self.hexadecimal(number)
      }
    }
    buffer.add(line + "\n")
    return number
  }

  private mutating func text(_ text: String?, to buffer: inout ExportBuffer) -> Int {
    guard let text, !text.isEmpty else { return 0 }
    let (number, isNew) = texts.number(of: text)
    guard isNew else { return number }
    // A line's end in a name would be one of the line.
    let visible = VisibleText.of(text, limit: 4_096)
    buffer.add("s \(Self.hexadecimal(visible.utf8.count)) \(visible)\n")
    return number
  }
}
