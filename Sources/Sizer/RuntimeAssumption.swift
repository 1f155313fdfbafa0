// SPDX-License-Identifier: Apache-2.0

/// One thing that Sizer assumes of the program's Swift: where objects of some kind keep their words.
public struct RuntimeAssumption: Sendable, Hashable, CustomStringConvertible {
  /// What was found out.
  public enum State: String, Sendable {
    /// A live object was asked and is as expected.
    case holds
    /// Nobody could ask; it is believed.
    case unchecked
    /// A live object is otherwise: what rests on this is not known, and nothing is guessed.
    case broken
  }

  /// What it is about: `arrays`, `side tables`.
  public var name: String
  /// What was found out.
  public var state: State
  /// Why nobody asked, or what was found and what is not known therefore; empty when it holds.
  public var reason: String

  /// One with these members.
  public init(name: String, state: State, reason: String) {
    self.name = name
    self.state = state
    self.reason = reason
  }

  /// `arrays: broken (…)`.
  public var description: String { "\(name): \(state.rawValue)" + (reason.isEmpty ? "" : " (\(reason))") }
}
