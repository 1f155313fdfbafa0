// SPDX-License-Identifier: Apache-2.0

/// What went wrong, where, and what to do about it.
public struct SizerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure. New kinds may come; compare with the ones you handle and have a default.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String, Sendable {
      case invalidArgument, outOfMemory, systemRefused, unsupportedAllocator, unsupportedRuntime
      case closed, notTracked, notWritten
    }
    private let kind: Kind

    /// An argument or option makes no sense; the message names it.
    public static let invalidArgument = Code(kind: .invalidArgument)
    /// The system refused memory for Sizer's own tables.
    public static let outOfMemory = Code(kind: .outOfMemory)
    /// The system refused something else that Sizer needs: a file of `/proc`, a file descriptor.
    public static let systemRefused = Code(kind: .systemRefused)
    /// The allocator that serves this process can't be asked.
    public static let unsupportedAllocator = Code(kind: .unsupportedAllocator)
    /// The Swift runtime in this process is not one that Sizer can read.
    public static let unsupportedRuntime = Code(kind: .unsupportedRuntime)

    /// The tracker is closed; make a new one.
    public static let closed = Code(kind: .closed)
    /// The class or object is not tracked by this tracker.
    public static let notTracked = Code(kind: .notTracked)

    /// A snapshot was taken and is in the statistics, but the recording's file did not take it yet.
    public static let notWritten = Code(kind: .notWritten)

    /// The code's name.
    public var description: String { kind.rawValue }
  }

  /// The kind of failure.
  public var code: Code
  /// One sentence: what happened and what to do.
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
