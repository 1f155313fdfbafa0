// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Numbers for traces, the same for those that say the same place in different runs, where addresses differ.
struct PlaceTable {
  private struct Call: Hashable {
    var function: String?
    var file: String?
    var line: Int
    var image: Substring?
    var offset: UInt64
  }

  private var numbers: [[Call]: Int] = [:]
  private var traces: [StackTrace] = []

  /// The number of each trace.
  mutating func add(_ added: [StackTrace]) -> [Int] {
    added.map { trace in
      let calls = trace.frames.map(Self.call)
      if let number = numbers[calls] { return number }
      numbers[calls] = traces.count
      traces.append(trace)
      return traces.count - 1
    }
  }

  /// A trace that has this number; nil for -1, which stands for none.
  func trace(of number: Int) -> StackTrace? { number < 0 ? nil : traces[number] }

  /// What a reader sees of a call. Where a name or a line is known, the offset is left out: it changes with every build.
  private static func call(_ frame: StackTrace.Frame) -> Call {
    let image = frame.image.map { $0.split(separator: "/").last ?? "" }
    guard frame.function == nil || frame.file == nil else {
      return Call(function: frame.function, file: frame.file, line: frame.line, image: image, offset: 0)
    }
    return Call(
      function: frame.function, file: frame.file, line: frame.line, image: image,
      offset: image == nil ? frame.address : frame.imageOffset)
  }
}
