// SPDX-License-Identifier: Apache-2.0
import SizerProfile

/// What is at a return address: the call, or one that was inlined into it.
struct TracedCall: Sendable {
  var frame: StackTrace.Frame
  var origin: FrameOrigin
}

extension TracedCall {
  /// What was found, in a frame that has no names yet.
  init(_ call: SymbolisedCall, in raw: StackTrace.Frame) {
    frame = raw
    frame.function = call.symbol.map(readableName)
    frame.file = call.file
    frame.line = call.line
    frame.column = call.column
    frame.isInlined = call.isInlined
    origin = FrameOrigin(symbol: call.symbol, image: raw.image)
  }
}

/// The frames of traces that are being made, each found once by the return address or the raw frame that it stands for.
struct CallTable<Key: Hashable> {
  private var numbered: [Key: [(number: UInt32, origin: FrameOrigin)]] = [:]
  private let find: (Key) -> [TracedCall]

  init(_ find: @escaping (Key) -> [TracedCall]) {
    self.find = find
  }

  /// Adds one trace: the user's frames of a stack, innermost first.
  mutating func add(_ stack: [Key], to builder: inout TraceBuilder) {
    var calls: [(number: UInt32, origin: FrameOrigin)] = []
    for key in stack {
      if numbered[key] == nil {
        numbered[key] = find(key).map { (builder.number(of: $0.frame), $0.origin) }
      }
      calls += numbered[key]!
    }
    builder.add(userFrames(of: calls, origin: \.origin).map(\.number))
  }
}
