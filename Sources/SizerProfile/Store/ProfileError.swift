// SPDX-License-Identifier: Apache-2.0

/// What went wrong with a profile's file, where, and what to do about it.
public struct ProfileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure. New kinds may come; compare with the ones you handle and have a default.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String, Sendable {
      case notFound, cannotOpen, alreadyExists, notAProfile, newerVersion, corrupted, inconsistent, busy, full,
        ioFailure
      case outOfMemory, closed, invalidQuery
    }
    private let kind: Kind

    /// There is no such file, or no such folder.
    public static let notFound = Code(kind: .notFound)
    /// The system refuses to open or make the file; the message says why.
    public static let cannotOpen = Code(kind: .cannotOpen)
    /// There is a file already, and it is not overwritten.
    public static let alreadyExists = Code(kind: .alreadyExists)
    /// The file is something else: text, another program's database, nothing at all.
    public static let notAProfile = Code(kind: .notAProfile)
    /// A later version of Sizer wrote the file.
    public static let newerVersion = Code(kind: .newerVersion)
    /// The file was a profile and is damaged: cut, overwritten or tampered with.
    public static let corrupted = Code(kind: .corrupted)
    /// What is to be written contradicts itself or what is in the file; nothing of it was written.
    public static let inconsistent = Code(kind: .inconsistent)
    /// Somebody else holds the file.
    public static let busy = Code(kind: .busy)
    /// The disk, the quota or the process's limit on file sizes leaves no room.
    public static let full = Code(kind: .full)
    /// Reading or writing failed; the message says why.
    public static let ioFailure = Code(kind: .ioFailure)
    /// The system refused memory.
    public static let outOfMemory = Code(kind: .outOfMemory)
    /// The recording has ended, or belongs to the process that this one was forked from.
    public static let closed = Code(kind: .closed)
    /// The SQL is wrong, or asks for more than reading; the message says what.
    public static let invalidQuery = Code(kind: .invalidQuery)

    /// The code's name.
    public var description: String { kind.rawValue }
  }

  /// The kind of failure.
  public var code: Code
  /// One sentence: what happened, to which file, and what to do.
  public var message: String
  /// The call that failed.
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
