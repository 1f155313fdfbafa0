// SPDX-License-Identifier: Apache-2.0

/// Why two snapshots can't be compared, and what to do about it.
package struct DiffError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence.
  package var description: String

  init(_ description: String) { self.description = description }
}
