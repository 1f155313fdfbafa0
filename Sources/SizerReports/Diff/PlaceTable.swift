// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Numbers for traces, the same for those that say the same place in different runs, where addresses differ.
struct PlaceTable {
  /// Texts are numbers; -1 stands for none.
  private struct Call: Hashable {
    var function: Int
    var file: Int
    var line: Int
    var image: Int
    var offset: UInt64
  }

  private let texts = TextNumbers()
  /// For each number of an image's path, the number of its last part.
  private var imageNames: [Int: Int] = [:]
  private var calls: [Call: Int32] = [:]
  /// By the numbers of their calls: traces are long, and share most of these.
  private var numbers: [[Int32]: Int] = [:]
  private var traces: [StackTrace] = []

  /// The number of each trace.
  mutating func add(_ added: [StackTrace]) -> [Int] {
    added.map { trace in
      let calls = trace.frames.map { number(of: call($0)) }
      if let number = numbers[calls] { return number }
      numbers[calls] = traces.count
      traces.append(trace)
      return traces.count - 1
    }
  }

  /// A trace that has this number; nil for -1, which stands for none.
  func trace(of number: Int) -> StackTrace? { number < 0 ? nil : traces[number] }

  /// What a reader sees of a call. Where a name or a line is known, the offset is left out: it changes with every
  /// build.
  private mutating func call(_ frame: StackTrace.Frame) -> Call {
    let offset = frame.image == nil ? frame.address : frame.imageOffset
    return Call(
      function: frame.function.map { texts.number(of: $0) } ?? -1, file: frame.file.map { texts.number(of: $0) } ?? -1,
      line: frame.line, image: frame.image.map { imageName($0) } ?? -1,
      offset: frame.function == nil || frame.file == nil ? offset : 0)
  }

  private mutating func number(of call: Call) -> Int32 {
    if let number = calls[call] { return number }
    let number = Int32(truncatingIfNeeded: calls.count)
    calls[call] = number
    return number
  }

  private mutating func imageName(_ path: String) -> Int {
    let number = texts.number(of: path)
    if let name = imageNames[number] { return name }
    let name = texts.number(of: String(path.lastPathComponent))
    imageNames[number] = name
    return name
  }
}
