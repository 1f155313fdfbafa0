// SPDX-License-Identifier: Apache-2.0
package import SizerGraph
import SizerProfile

/// Images in the eyes of one piece of work: of what somebody else made meanwhile nothing is said.
extension HeapGraph {
  /// As ``proveLeaks(patience:)``, of groups that hold an object which was made in the scope. A group that holds one
  /// can't have been leaked before.
  ///
  /// One image is enough where it shows none.
  package static func proveLeaks(
    in scope: BirthScope, patience: Duration = .seconds(10)
  ) throws(SizerError) -> [LeakGroup] {
    let first = try capture(mode: .frozen)
    let births = scope.births()
    if first.image.leaks(among: births.keys.contains).isEmpty { return [] }
    let haveGoneOn = waitForProgress(atMost: patience)
    var second = try capture(mode: .frozen)
    second.traces.merge(births.filter { $0.value != 0 }) { _, recorded in recorded }
    return second.withBirths(
      second.image.leaks(confirming: first.image, afterProgress: haveGoneOn, among: births.keys.contains))
  }

  /// Images for ``growth(over:)``, of which only references to objects that were made in the scope count, and the bytes
  /// of these.
  package struct ScopedSeries: Sendable {
    private var images: [(image: HeapImage, births: Set<UInt64>)] = []

    package init() {}

    /// Takes the next image.
    package mutating func capture(in scope: BirthScope) throws(SizerError) {
      let graph = try HeapGraph.capture(mode: .frozen)
      images.append((graph.image, Set(scope.births().keys)))
    }

    /// What grew in each of them.
    package var growth: [GrowthRecord] {
      HeapImage.growth(over: images.map(\.image)) { number, address in images[number].births.contains(address) }
    }
  }
}

extension ClassTracker {
  /// The addresses of the tracked objects that live. Linear in all that were ever tracked.
  package func livingAddresses() throws(SizerError) -> [UInt64] {
    try lifetimes.get().records(from: 0).map(\.address).filter { $0 != 0 }
  }
}
