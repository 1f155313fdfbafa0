// SPDX-License-Identifier: Apache-2.0

/// Why something could not be written where it should go.
package struct OutputError: Error, Sendable, Hashable {
  /// What stands in the way.
  package enum Kind: Sendable, Hashable {
    /// Nothing can be written to what the path names.
    case invalid
    /// There is something already.
    case exists
    /// The system refused, with a number of errno(3).
    case system(Int32)
  }

  package var kind: Kind
  /// The place, as the caller named it.
  package var path: String
  /// What is said of it: `is a folder`.
  package var problem: String
  /// What can be done: `name a file`.
  package var advice: String

  package init(_ kind: Kind, _ path: String, _ problem: String, advice: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  /// The refusal of the system behind it.
  package var cause: ErrorCause? {
    if case .system(let number) = kind { .system(errno: number) } else { nil }
  }

  /// What the system says, and what can be done about it.
  package static func system(_ number: Int32, _ path: String, _ action: String) -> OutputError {
    let refusal = SystemRefusal(number: number)
    return OutputError(
      .system(number), path, "\(action): \(refusal.reason)",
      advice: refusal.advice(or: "choose a folder that exists and that you may write to"))
  }
}
