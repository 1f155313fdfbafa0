// SPDX-License-Identifier: Apache-2.0

/// Names by number, each once, in the order in which they came.
struct NameTable: Sendable {
  private(set) var names: [String] = []
  private var numbers: [String: UInt32] = [:]

  /// The name's number; a new one for a new name.
  mutating func number(of name: String) -> UInt32 {
    if let number = numbers[name] { return number }
    let number = UInt32(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }
}

/// Stacks by number, each once, in the order in which objects were born with them.
struct TraceTable: Sendable {
  /// The engine's numbers.
  private(set) var stacks: [UInt32] = []
  private var numbers: [UInt32: UInt32] = [:]

  /// The number of a record's trace; `none` when it has none.
  mutating func number(of trace: UInt32) -> UInt32 {
    if trace == 0 { return History.ObjectRow.none }
    if let number = numbers[trace] { return number }
    let number = UInt32(stacks.count)
    stacks.append(trace)
    numbers[trace] = number
    return number
  }

  /// The stacks from a number on, as they were captured: no file is read.
  func raw(from first: Int) -> [StackTrace] {
    rawTraces(of: stacks[first...].map(Engine.stack)).map { StackTrace(frames: $0.map(\.frame)) }
  }

  /// All stacks, with names and lines; as they were captured when there is no memory for the stack that looking these
  /// up takes.
  func symbolised() -> [StackTrace] {
    if stacks.isEmpty { return [] }
    return Engine.onOwnStackIfPossible { symboliser.traces(of: stacks.map(Engine.stack)) } ?? raw(from: 0)
  }
}

/// Stacks by their numbers, with names and lines.
func symbolisedTraces(_ numbers: Set<UInt32>) -> [UInt32: StackTrace] {
  var table = TraceTable()
  let order = numbers.filter { $0 > 0 }.sorted()
  for number in order { _ = table.number(of: number) }
  return Dictionary(uniqueKeysWithValues: zip(order, table.symbolised()))
}

/// One for the process: code stays where it is, so what was found out holds for all trackers.
private let symboliser = Symboliser()
