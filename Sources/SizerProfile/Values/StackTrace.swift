// SPDX-License-Identifier: Apache-2.0

/// Where an object was made: the calls that were under way, innermost first.
public struct StackTrace: Sendable, Hashable, Codable {
  /// One call.
  public struct Frame: Sendable, Hashable, Codable {
    /// The return address in the measured process; the same for a call and those that were inlined into it.
    public var address: UInt64
    /// The function's name, demangled; nil when no symbol covers the address.
    public var function: String?
    /// The source file's path as the compiler recorded it; nil without debug information.
    public var file: String?
    /// The line in ``file``, from 1; 0 when unknown.
    public var line: Int
    /// The column in ``line``, from 1; 0 when unknown.
    public var column: Int
    /// Whether the compiler inlined this call into the frame that follows.
    public var isInlined: Bool
    /// The path of the program or library that holds the code; nil when none does.
    public var image: String?
    /// The address in the image's own count (what `addr2line` takes); 0 without an image.
    public var imageOffset: UInt64
    /// The image's build id in hexadecimal, as `readelf -n` prints it; nil when it has none.
    public var buildID: String?

    /// A frame of these parts.
    public init(
      address: UInt64, function: String? = nil, file: String? = nil, line: Int = 0, column: Int = 0,
      isInlined: Bool = false, image: String? = nil, imageOffset: UInt64 = 0, buildID: String? = nil
    ) {
      self.address = address
      self.function = function
      self.file = file
      self.line = line
      self.column = column
      self.isInlined = isInlined
      self.image = image
      self.imageOffset = imageOffset
      self.buildID = buildID
    }
  }

  /// A trace by itself, or one of many that share their frames: a frame takes 100 bytes, and most traces have most of
  /// theirs in common.
  private enum Storage: Sendable {
    case own([Frame])
    case shared(SharedFrames, start: UInt32, count: UInt32)
  }

  private var storage: Storage

  /// The calls, innermost first. Of a trace that was read from a profile this is made anew each time that it is asked
  /// for.
  public var frames: [Frame] {
    get {
      if case .own(let frames) = storage { return frames }
      return (0..<frameCount).map { frame(at: $0) }
    }
    set { storage = .own(newValue) }
    _modify {
      var frames = frames
      storage = .own([])
      defer { storage = .own(frames) }
      yield &frames
    }
  }

  /// A trace of these frames.
  public init(frames: [Frame] = []) {
    storage = .own(frames)
  }

  /// The trace whose calls stand there in the list of calls.
  init(_ shared: SharedFrames, calls: Range<Int>) {
    storage = .shared(shared, start: UInt32(calls.lowerBound), count: UInt32(calls.count))
  }
}

extension StackTrace {
  /// How many frames there are; makes none of them.
  package var frameCount: Int {
    switch storage {
    case .own(let frames): frames.count
    case .shared(_, _, let count): Int(count)
    }
  }

  /// One of the frames; makes no list of them.
  package func frame(at index: Int) -> Frame {
    switch storage {
    case .own(let frames): return frames[index]
    case .shared(let shared, let start, let count):
      precondition(index >= 0 && index < count, "a trace has no frame \(index)")
      return shared.frames[Int(shared.calls[Int(start) + index])]
    }
  }

  /// The frames as indices into a list that many traces share; nil when this one has its own.
  package var sharedCalls: (shared: SharedFrames, calls: ArraySlice<UInt32>)? {
    guard case .shared(let shared, let start, let count) = storage else { return nil }
    return (shared, shared.calls[Int(start)..<Int(start) + Int(count)])
  }

  /// Whether both have the same frames.
  public static func == (left: StackTrace, right: StackTrace) -> Bool {
    guard left.frameCount == right.frameCount else { return false }
    if let (shared, calls) = left.sharedCalls, let (other, otherCalls) = right.sharedCalls, shared === other,
      calls == otherCalls
    {
      return true
    }
    return (0..<left.frameCount).allSatisfy { left.frame(at: $0) == right.frame(at: $0) }
  }

  /// Hashes the frames.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(frameCount)
    for index in 0..<frameCount { hasher.combine(frame(at: index)) }
  }

  private enum CodingKeys: CodingKey {
    case frames
  }

  /// Decodes what ``encode(to:)`` encodes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(frames: try container.decode([Frame].self, forKey: .frames))
  }

  /// Encodes the list of frames under `frames`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(frames, forKey: .frames)
  }
}

/// The frames of many traces, each once, and the traces' calls behind each other: four bytes a call.
package final class SharedFrames: Sendable {
  package let frames: [StackTrace.Frame]
  /// Indices into ``frames``.
  package let calls: [UInt32]

  init(frames: [StackTrace.Frame], calls: [UInt32]) {
    self.frames = frames
    self.calls = calls
  }
}
