// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

private enum State {
  case idle
  case running(Specimen, since: Int)
  indirect case nested(State)
}

private protocol Shape {}
private struct Large: Shape {
  var words = (1, 2, 3, 4)
  var specimen: Specimen
}
private struct Small: Shape { var specimen: Specimen }

private struct Refusal: Error {
  var text: String
  var specimen: Specimen
}

private final class Holder<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

private class Base {
  var text = ""
}
private final class Derived<Value>: Base {
  var value: Value
  init(_ value: Value) { self.value = value }
}

private final class Guarded: Sendable {
  let specimen: Mutex<Specimen?>
  init(_ specimen: Specimen) { self.specimen = Mutex(specimen) }
}

private struct Owned: ~Copyable {
  let specimen: Specimen
  let number = 7
}
private final class OwnedHolder {
  let owned: Owned
  init(_ specimen: Specimen) { owned = Owned(specimen: specimen) }
}

private struct Pack<each Value> {
  let values: (repeat each Value)
  init(_ values: repeat each Value) { self.values = (repeat each values) }
}

private final class HeadBuffer: ManagedBuffer<Specimen?, Int> {}
private final class TailBuffer: ManagedBuffer<Int, Specimen> {
  deinit { withUnsafeMutablePointers { _ = $1.deinitialize(count: $0.pointee) } }
}

/// Elements in memory of which no type says whose it is.
private final class RawHolder {
  let place = UnsafeMutablePointer<Specimen>.allocate(capacity: 1)
  init(_ specimen: Specimen) { place.initialize(to: specimen) }
  deinit {
    place.deinitialize(count: 1)
    place.deallocate()
  }
}

private final class KeptNumbers {
  lazy var even = numbers.lazy.filter { [self] in $0 % 2 == count }
  let numbers = [1, 2, 3]
  var count = 0
  var owner: Specimen?
}

extension Scenario {
  /// Objects that hold one another by values of all kinds.
  static let values: [Scenario] = [
    Scenario("the payload of an enum", .proved) { $0.any = Holder(State.running($0, since: 1)) },
    Scenario("the payload of an indirect case", .proved) {
      $0.any = Holder(State.nested(.nested(.running($0, since: 1))))
    },
    Scenario("an optional of an optional", .proved) { $0.any = Holder(Optional(Optional($0))) },
    Scenario("a tuple", .proved) { $0.any = Holder((1, ("text", $0))) },
    Scenario("an existential in place", .proved) { $0.any = Holder(Small(specimen: $0) as any Shape) },
    Scenario("an existential in a box", .proved) { $0.any = Holder(Large(specimen: $0) as any Shape) },
    Scenario("an error in its box", .proved) { $0.any = Holder(Refusal(text: "no", specimen: $0) as any Error) },
    Scenario("an array of existentials", .proved) {
      $0.any = [Small(specimen: $0), Large(specimen: Specimen())] as [any Shape]
    },
    Scenario("a generic class", .proved) { $0.any = Holder([$0]) },
    Scenario("a generic class below one that is not", .proved) { $0.any = Derived([1: $0]) },
    Scenario("a parameter pack", .proved) { $0.any = Pack(1, $0, "text") },
    Scenario("an array in place", .proved) {
      let values: InlineArray<3, Specimen> = [Specimen(), $0, Specimen()]
      $0.any = Holder(values)
    },
    Scenario("a mutex", .proved) { $0.any = Guarded($0) },
    Scenario("a value that can't be copied", .proved) { $0.any = OwnedHolder($0) },
    Scenario("a managed buffer's header", .proved) { specimen in
      specimen.any = HeadBuffer.create(minimumCapacity: 3) { _ in specimen }
    },
    Scenario("a managed buffer's elements, of which only its header may tell how many there are", .suspected) {
      specimen in
      let buffer = TailBuffer.create(minimumCapacity: 3) { _ in 3 }
      buffer.withUnsafeMutablePointerToElements { elements in
        for number in 0..<3 { (elements + number).initialize(to: specimen) }
      }
      specimen.any = buffer
    },
    Scenario("memory of which nobody knows whose it is", .alive) { $0.any = RawHolder($0) },
    Scenario("a lazy sequence that was made once", .proved) {
      let numbers = KeptNumbers()
      _ = numbers.even.count
      ($0.any, numbers.owner) = (numbers, $0)
    },
    Scenario("an erased sequence", .proved) { specimen in
      specimen.any = Holder(
        AnySequence {
          specimen.work(); return [1].makeIterator()
        })
    },
    Scenario("an iterator", .proved) { $0.any = Holder([$0].makeIterator()) },
    Scenario("bytes that are given back by a closure", .proved) { specimen in
      let bytes = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 16)
      specimen.any = Data(
        bytesNoCopy: bytes, count: 100,
        deallocator: .custom { bytes, _ in
          specimen.work()
          bytes.deallocate()
        })
    },
    Scenario("Foundation's array", .proved) { $0.any = NSMutableArray(array: [$0]) },
    Scenario("Foundation's cache", .proved) { specimen in
      let cache = NSCache<NSNumber, Specimen>()
      cache.setObject(specimen, forKey: 1)
      specimen.any = cache
    },
  ]
}
