// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
  /// Whether the part is in it, byte for byte.
  ///
  /// String's own search would do, but brings regular expressions along, for which the agent has no room
  /// (`build-agent`).
  package func holds(_ part: String) -> Bool {
    let (whole, part) = (utf8, part.utf8)
    guard whole.count >= part.count, let first = part.first else { return part.isEmpty }
    return whole.indices.contains { whole[$0] == first && whole[$0...].starts(with: part) }
  }
}
