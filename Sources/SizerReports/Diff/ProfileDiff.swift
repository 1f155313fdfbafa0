// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// What changed between two snapshots, of one recording or of two.
///
/// Objects are followed one by one where both snapshots are of the same recording: one profile, or two copies of one
/// that was being recorded. Of different runs no object of one is an object of the other: then the places where objects
/// were made are compared.
package struct ProfileDiff: Sendable, Hashable {
  /// One of the two snapshots.
  package struct Side: Sendable, Hashable {
    /// Index into the profile's snapshots.
    package var snapshot: Int
    package var label: String
    package var timestamp: Duration
    package var trackedBytes: Int
    /// Tracked objects that it found.
    package var objectCount: Int
  }

  /// Objects and their bytes on both sides.
  package struct Figures: Sendable, Hashable {
    package var fromCount = 0
    package var toCount = 0
    package var fromBytes = 0
    package var toBytes = 0

    /// Bytes more than before; negative for less.
    package var growth: Int { toBytes &- fromBytes }
  }

  /// The tracked objects of a name.
  package struct ClassChange: Sendable, Hashable {
    package var name: String
    package var figures = Figures()
    /// Objects that only the later snapshot found; 0 when objects are not followed.
    package var born = 0
    /// Objects that only the earlier snapshot found; 0 when objects are not followed.
    package var gone = 0
  }

  /// What happened to an object, or to the objects of one place.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Of one recording: found by the later snapshot only.
    case born
    /// Found by the earlier only, and dead since.
    case died
    /// Found by the earlier only, for it is not tracked any more.
    case left
    /// In both, and has more bytes; of different runs: there are more bytes.
    case grown
    /// In both, and has fewer bytes; of different runs: there are fewer.
    case shrunk
  }

  /// Objects of one name that were made at one place, to which the same happened.
  package struct Change: Sendable, Hashable {
    package var kind: Kind
    package var name: String
    package var trace: StackTrace?
    package var figures: Figures
    /// The object's birth and its address (0 when it has none), when it is one and not a group.
    package var object: Identity?
  }

  /// How one object is told from others of its name and place.
  package struct Identity: Sendable, Hashable {
    package var address: UInt64
    package var birth: Duration
  }

  package var from: Side
  package var to: Side
  /// Whether objects were followed one by one.
  package var followsObjects: Bool
  /// All names of tracked objects that have an object on either side; the largest change of bytes first.
  package var classes: [ClassChange]
  /// By kind, in the order of ``Kind``; the largest change of bytes first.
  package var changes: [Change]
  /// Objects that were born after the earlier snapshot and dead before the later one; 0 when objects are not followed.
  package var passingCount: Int
}
