// SPDX-License-Identifier: Apache-2.0

/// A way in which programs leak, or do not, and what a proof has to say of it.
struct Scenario: Sendable {
  enum Verdict: Sendable, Hashable {
    /// Nothing holds it, and nothing sees it.
    case proved
    /// Nothing holds it, but something could still get at it.
    case visible
    /// It is closed only if a guess is right.
    case suspected
    /// Something holds it, or may: it is in no list.
    case alive
    /// It was freed.
    case gone
  }

  /// What a scenario has left behind.
  struct Planted {
    /// Where the object is, or was, that the verdict is about.
    var place: UInt
    var grave: Grave
  }

  let name: String
  let verdict: Verdict
  let plant: @Sendable () throws -> Planted

  /// `knot` ties an object to others; afterwards nobody has it but who `knot` gave it to.
  init(_ name: String, _ verdict: Verdict, _ knot: @escaping @Sendable (Specimen) throws -> Void) {
    self.name = name
    self.verdict = verdict
    plant = {
      let grave = Grave()
      return Planted(place: try Self.tie(grave, knot), grave: grave)
    }
  }

  @inline(never)
  private static func tie(_ grave: Grave, _ knot: (Specimen) throws -> Void) rethrows -> UInt {
    let specimen = Specimen(grave)
    try knot(specimen)
    return UInt(bitPattern: Unmanaged.passUnretained(specimen).toOpaque())
  }
}

/// Knows whether an object was freed, without a reference to it.
final class Grave {
  // unsafe: whoever frees the object may be another thread; it is read when that is over.
  nonisolated(unsafe) var isTaken = false
}

/// An object that can refer to anything.
class Specimen: @unchecked Sendable {
  var other: Specimen?
  var any: Any?
  var closure: (() -> Void)?
  weak var weakly: Specimen?
  private let grave: Grave?

  init(_ grave: Grave? = nil) { self.grave = grave }
  deinit { grave?.isTaken = true }

  func work() {}
}

/// Holds what has to live, as a program's globals do.
// unsafe: scenarios are planted by one thread, one after the other.
nonisolated(unsafe) var leakShelf: [Any] = []
