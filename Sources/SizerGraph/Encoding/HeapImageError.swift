// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no heap image.
public struct HeapImageError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The bytes are something else.
    case notAnImage
    /// A later version of Sizer wrote them.
    case newerVersion
    /// They were an image and are damaged: cut, overwritten or tampered with.
    case corrupted
    /// The system does not let the file be read; the message says why.
    case unreadable
  }

  /// The kind of failure.
  public var code: Code
  /// What is wrong.
  public var message: String
  /// Where: the section, and the byte in it; or the byte in the file.
  public var place: String

  /// An error of these parts.
  public init(code: Code, message: String, place: String) {
    self.code = code
    self.message = message
    self.place = place
  }

  /// Place, message and code in one line.
  public var description: String { "\(place): \(message) (\(code.rawValue))" }
}
