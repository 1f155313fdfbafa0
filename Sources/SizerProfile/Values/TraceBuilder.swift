// SPDX-License-Identifier: Apache-2.0

/// Makes traces that share their frames: each frame is kept once, a call takes four bytes.
package struct TraceBuilder {
  private var frames: [StackTrace.Frame] = []
  private var calls: [UInt32] = []
  /// Where the calls of each trace end.
  private var ends: [UInt32] = []

  /// One without traces.
  package init() {}

  /// Keeps a frame that traces call from now on; answers its number. The same frame given twice is kept twice.
  package mutating func number(of frame: StackTrace.Frame) -> UInt32 {
    frames.append(frame)
    return UInt32(frames.count - 1)
  }

  /// The next trace: numbers of frames, innermost first.
  package mutating func add(_ numbers: some Sequence<UInt32>) {
    calls.append(contentsOf: numbers)
    ends.append(UInt32(calls.count))
  }

  /// The traces, in the order in which they were added.
  package func traces() -> [StackTrace] {
    let shared = SharedFrames(frames: frames, calls: calls)
    var start = 0
    return ends.map { end in
      defer { start = Int(end) }
      return StackTrace(shared, calls: start..<Int(end))
    }
  }
}
