// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Traces that share their outer calls, as a tree: a trace is a node, and its callers are the nodes above.
struct CallTree {
  /// What is shown of a call; texts are indices into the page's ``StringTable``.
  struct Call: Hashable {
    var function: Int
    var file: Int
    var line: Int
    var image: Int
  }

  private(set) var calls: [Call] = []
  /// For each node, its caller's node, -1 for the outermost, and its call.
  private(set) var parents: [Int] = []
  private(set) var callOfNode: [Int] = []

  private let limits: PageLimits
  private var callIndices: [Call: Int] = [:]
  private var nodeIndices: [Edge: Int] = [:]
  private var nodeOfTrace: [UInt32: Int] = [:]

  private struct Edge: Hashable {
    var parent: Int
    var call: Int
  }

  init(limits: PageLimits) { self.limits = limits }

  /// The node of a trace; nil when there is none, or no room for it.
  mutating func node(of trace: UInt32, in history: History, _ texts: inout StringTable) -> Int? {
    guard !Self.isEmpty(trace, in: history) else { return nil }
    if let node = nodeOfTrace[trace] { return node < 0 ? nil : node }
    let node = insert(history.traces[Int(trace)].frames, &texts)
    nodeOfTrace[trace] = node ?? -1
    return node
  }

  /// Whether there is no trace, or one without calls.
  static func isEmpty(_ trace: UInt32, in history: History) -> Bool {
    trace == History.ObjectRow.none || history.traces[Int(trace)].frames.isEmpty
  }

  private mutating func insert(_ frames: [StackTrace.Frame], _ texts: inout StringTable) -> Int? {
    var parent = -1
    if frames.count > limits.framesPerTrace {
      let (name, unknown) = (texts.intern("(outer calls left out)"), StringTable.unknown)
      parent = node(below: -1, Call(function: name, file: unknown, line: 0, image: unknown)) ?? -1
    }
    for frame in frames.prefix(limits.framesPerTrace).reversed() {
      let call = Call(
        function: texts.intern(Self.name(of: frame)), file: texts.intern(frame.file ?? ""), line: clamped(frame.line),
        image: texts.intern(frame.image ?? ""))
      guard let node = node(below: parent, call) else { return nil }
      parent = node
    }
    return parent < 0 ? nil : parent
  }

  private mutating func node(below parent: Int, _ call: Call) -> Int? {
    let callIndex = callIndices[call] ?? calls.count
    if let node = nodeIndices[Edge(parent: parent, call: callIndex)] { return node }
    guard parents.count < limits.calls else { return nil }
    if callIndex == calls.count {
      callIndices[call] = callIndex
      calls.append(call)
    }
    nodeIndices[Edge(parent: parent, call: callIndex)] = parents.count
    parents.append(parent)
    callOfNode.append(callIndex)
    return parents.count - 1
  }

  private static func name(of frame: StackTrace.Frame) -> String {
    if let function = frame.function, !function.isEmpty { return function }
    let address = "0x" + String(frame.imageOffset == 0 ? frame.address : frame.imageOffset, radix: 16)
    guard let file = frame.image?.lastPathComponent, !file.isEmpty else { return address }
    return "\(address) in \(file)"
  }
}
