// SPDX-License-Identifier: Apache-2.0

/// Why a report could not be written, where, and what to do about it.
public struct ReportError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure. New kinds may come; compare with the ones you handle and have a default.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String, Sendable { case invalidPath, notWritable, diskFull }
    private let kind: Kind

    /// The path names nothing that a file can be put at; the message says why.
    public static let invalidPath = Code(kind: .invalidPath)
    /// The system refused to make, write or rename the file.
    public static let notWritable = Code(kind: .notWritable)
    /// The disk or the user's quota is full.
    public static let diskFull = Code(kind: .diskFull)

    /// The code's name.
    public var description: String { kind.rawValue }
  }

  /// The kind of failure.
  public var code: Code
  /// One sentence: what happened and what to do.
  public var message: String
  /// The file that was to be written.
  public var place: String

  /// An error of these parts.
  public init(code: Code, message: String, place: String) {
    self.code = code
    self.message = message
    self.place = place
  }

  /// Place, message and code in one line.
  public var description: String { "\(place): \(message) (\(code))" }
}
