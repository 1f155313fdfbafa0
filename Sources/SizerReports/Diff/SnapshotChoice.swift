// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// Which snapshot of a profile: by its number, counted from 0 as in the file, or by its label.
package enum SnapshotChoice: Sendable, Hashable {
  /// The first one that did not fail.
  case first
  /// The last one that did not fail.
  case last
  /// What a user typed.
  case named(String)

  /// The snapshot's index.
  ///
  /// - Throws: when there is none of that name, or several, or when it failed.
  package func index(in statistics: Statistics, of profile: String) throws(DiffError) -> Int {
    let snapshots = statistics.snapshots
    switch self {
    case .first, .last:
      let sound = snapshots.indices.filter { snapshots[$0].error == nil }
      guard let index = self == .first ? sound.first : sound.last else {
        throw DiffError("\(profile) has no snapshot that could be compared; take one with createSnapshot()")
      }
      return index
    case .named(let name):
      let index = try Self.index(of: name, snapshots, profile)
      if let error = snapshots[index].error {
        let what = snapshots[index].mode == .counts ? "only counted" : "sized nothing, for it failed"
        throw DiffError("snapshot \(index) of \(profile) \(what) (\(error)); choose another")
      }
      return index
    }
  }

  private static func index(of name: String, _ snapshots: [Snapshot], _ profile: String) throws(DiffError) -> Int {
    // A label first: whoever labels snapshots with numbers means these.
    let labelled = snapshots.indices.filter { snapshots[$0].label == name }
    if labelled.count == 1 { return labelled[0] }
    guard labelled.isEmpty else {
      let numbers = labelled.prefix(9).map(String.init).joined(separator: ", ")
      throw DiffError("\(profile) has \(labelled.count) snapshots labelled \(name); give a number: \(numbers)")
    }
    if let number = Int(name), snapshots.indices.contains(number) { return number }
    let there = snapshots.isEmpty ? "it has none" : "they are numbered from 0 to \(snapshots.count - 1)"
    throw DiffError("\(profile) has no snapshot \(name): give a label or a number; \(there)")
  }
}
