// SPDX-License-Identifier: Apache-2.0

/// An operation that failed: which, on what file, why, and what to do about it. Each library has its own kind of it,
/// told apart by `Domain`, which is only a name: `SizerError`, `ProfileError`, ``HeapImageError`` and `ReportError`. A
/// `catch` for one does not catch another.
public struct OperationError<Domain>: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure. New kinds may come; compare with the ones you handle and have a default.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name.
    public let description: String

    package init(_ name: String) { description = name }
  }

  /// The kind of failure.
  public var code: Code
  /// The call that failed, as it is declared: `ClassTracker.record(to:tags:)`.
  public var operation: String
  /// The file that it is about, as the caller named it; nil when there is none.
  public var path: String?
  /// One sentence without a full stop: the file if there is one, what is wrong with it, and after a semicolon what to
  /// do.
  public var message: String
  /// What lies below; nil when the failure is this one's alone.
  public var cause: ErrorCause?

  /// An error of these parts.
  public init(code: Code, operation: String, path: String? = nil, message: String, cause: ErrorCause? = nil) {
    self.code = code
    self.operation = operation
    self.path = path
    self.message = message
    self.cause = cause
  }

  /// Operation, message and code in one line.
  public var description: String { "\(operation): \(message) (\(code))" }
}

extension OperationError {
  /// The way in which all errors of ours are made, so that none says what is wrong and not what to do.
  ///
  /// - Parameter problem: A clause; with a path, what follows the path in it.
  package init(
    _ code: Code, _ operation: String, path: String? = nil, _ problem: String, advice: String, cause: ErrorCause? = nil
  ) {
    let subject = path.map { $0.isEmpty ? "an empty path " : "\($0) " } ?? ""
    self.init(code: code, operation: operation, path: path, message: "\(subject)\(problem); \(advice)", cause: cause)
  }
}

/// Names the errors of profiles, `ProfileError` in SizerProfile: here because one may be the cause of another error.
public enum ProfileDomain {}

/// What made an operation fail.
public enum ErrorCause: Sendable, Hashable, CustomStringConvertible {
  /// The system refused, with a number of errno(3).
  case system(errno: Int32)
  /// SQLite refused, with an extended result code, and no refusal of the system is known to be behind it.
  case sqlite(code: Int32)
  /// Work on a profile failed.
  indirect case profile(OperationError<ProfileDomain>)

  /// In words.
  public var description: String {
    switch self {
    case .system(let number): SystemRefusal(number: number).reason
    case .sqlite(let code): "SQLite's result code \(code)"
    case .profile(let error): error.description
    }
  }
}
