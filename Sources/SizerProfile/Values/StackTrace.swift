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

  /// The calls, innermost first.
  public var frames: [Frame]

  /// A trace of these frames.
  public init(frames: [Frame] = []) {
    self.frames = frames
  }
}
