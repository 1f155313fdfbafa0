// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SizerProfile

/// Names the frames of a profile that was recorded without names: by the files that were loaded then, if they are still
/// what they were.
package struct OfflineSymboliser {
  /// What became of an image's frames.
  package enum Outcome: Sendable, Hashable {
    /// Its file was read.
    case read
    /// It has no build ID, so no file can be matched to it.
    case noBuildID
    /// There is no plain file of this path.
    case noFile
    /// The file says nothing: it is another build, or has no symbols.
    case otherBuild
  }

  /// What was found, by the image's path.
  package private(set) var outcomes: [String: Outcome] = [:]
  /// Different frames that now have a function, and that still have none.
  package private(set) var namedCount = 0
  package private(set) var unnamedCount = 0

  private let files: (_ buildID: String) -> [String]

  /// One that has looked at nothing yet.
  ///
  /// - Parameter files: Where else a build's symbols may be, by its build ID; looked at first, and in this order.
  package init(files: @escaping (_ buildID: String) -> [String] = { _ in [] }) { self.files = files }

  /// Whether lines and names can be had at all: libdw is here.
  package static var isAvailable: Bool { Symboliser.isAvailable }

  /// The same traces with names where they have none and these can be found. Reads the images' files; time as
  /// ``Symboliser/traces(of:)`` takes. Traces that have names already stay as they are.
  package mutating func traces(_ traces: [StackTrace]) -> [StackTrace] {
    var frames: Set<StackTrace.Frame> = []
    for trace in traces where trace.isRaw {
      for index in 0..<trace.frameCount { frames.insert(trace.frame(at: index)) }
    }
    let found = calls(of: frames)
    var table = CallTable<StackTrace.Frame> {
      found[$0] ?? [TracedCall(frame: $0, origin: FrameOrigin(symbol: nil, image: $0.image))]
    }
    var numbers: [StackTrace.Frame: UInt32] = [:]
    // All in one builder: traces that keep their names share their frames with nobody, and come between the others.
    var builder = TraceBuilder()
    for trace in traces {
      if trace.isRaw {
        table.add(trace.frames, to: &builder)
        continue
      }
      let calls = trace.frames.map { frame in
        if let number = numbers[frame] { return number }
        let number = builder.number(of: frame)
        numbers[frame] = number
        return number
      }
      builder.add(calls)
    }
    return builder.traces()
  }

  private struct Build: Hashable {
    var path: String
    var id: String
  }

  private mutating func calls(of frames: Set<StackTrace.Frame>) -> [StackTrace.Frame: [TracedCall]] {
    var images: [Build: [LoadedImage]] = [:]
    var count = 0
    for frame in frames {
      guard let path = frame.image else { continue }
      let build = Build(path: path, id: frame.buildID ?? "")
      guard images[build] == nil else { continue }
      images[build] = readableFiles(of: build).prefix(1_000 - count).map { file in
        count += 1
        let bias = UInt(count) * Self.room
        return LoadedImage(
          path: file, bias: bias, addresses: bias..<bias + Self.room, buildID: Self.bytes(build.id) ?? [])
      }
    }
    let session = SymbolSession(images: images.values.joined().sorted { $0.bias < $1.bias })
    var found: [StackTrace.Frame: [TracedCall]] = [:]
    for frame in frames {
      var calls: [SymbolisedCall] = []
      if let path = frame.image, frame.imageOffset < UInt64(Self.room) {
        for image in images[Build(path: path, id: frame.buildID ?? "")] ?? [] where calls.isEmpty {
          calls = session?.calls(returningTo: image.bias + UInt(frame.imageOffset)) ?? []
        }
        if !calls.isEmpty { outcomes[path] = .read }
      }
      if calls.contains(where: { $0.symbol != nil }) { namedCount += 1 } else { unnamedCount += 1 }
      if !calls.isEmpty { found[frame] = calls.map { TracedCall($0, in: frame) } }
    }
    return found
  }

  /// Addresses that an image gets: more than any image has. Each has addresses of its own, none below this.
  private static let room: UInt = 1 << 36

  /// Files that may have a build's symbols.
  private mutating func readableFiles(of build: Build) -> [String] {
    if outcomes[build.path] == nil { outcomes[build.path] = .otherBuild }
    guard Self.bytes(build.id)?.isEmpty == false else {
      outcomes[build.path] = .noBuildID
      return []
    }
    // The path is the file's word, and the file may be a stranger's: opening a pipe would wait for its other end.
    var status = stat()
    let isThere =
      !build.path.utf8.contains(0) && stat(build.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    let readable = files(build.id) + (isThere ? [build.path] : [])
    if readable.isEmpty { outcomes[build.path] = .noFile }
    return readable
  }

  /// Bytes of hexadecimal digits; nil when it is something else.
  private static func bytes(_ digits: String) -> [UInt8]? {
    let digits = digits.utf8.map { UInt8($0) }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension StackTrace {
  /// Whether none of its frames has a name.
  fileprivate var isRaw: Bool { (0..<frameCount).allSatisfy { frame(at: $0).function == nil } }
}
