// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Countdown: Sequence, IteratorProtocol {
  var left = 3
  var leaf = Leaf()
  mutating func next() -> Int? {
    defer { left -= 1 }
    return left > 0 ? left : nil
  }
}

/// What is left of an iterator after `count` steps.
@inline(never)
private func advanced<Iterator: IteratorProtocol>(_ iterator: Iterator, by count: Int) -> Iterator {
  var iterator = iterator
  for _ in 0..<number(count) { _ = iterator.next() }
  return iterator
}

@Suite("Ranges, lazy sequences and iterators")
struct SequencesTests {
  @Test("ranges own their bounds")
  func ranges() throws {
    try expectExact(objects: 0) { number(1)..<number(5) }
    try expectExact(objects: 2) { text()..<(text() + "z") }
    try expectExact(objects: 2) { text()...(text() + "z") }
    try expectExact(objects: 1) { text()... }
    try expectExact(objects: 1) { ..<text() }
    try expectExact(objects: 0) { text().startIndex..<text().endIndex }
    try expectExact(objects: 1) { array(number(1)..<number(5)) }
  }

  @Test("strides")
  func strides() throws {
    try expectExact(objects: 0) { stride(from: number(0), to: number(9), by: 2) }
    try expectExact(objects: 0) { advanced(stride(from: 0.0, through: Double(number(9)), by: 2).makeIterator(), by: 2) }
  }

  @Test("iterators keep what they iterate over")
  func iterators() throws {
    try expectExact(objects: 4) { array(text(), text(), text()).makeIterator() }
    try expectExact(objects: 4) { advanced(array(text(), text(), text()).makeIterator(), by: 2) }
    try expectExact(objects: 3) { advanced(array(Leaf(), Leaf())[...].makeIterator(), by: 1) }
    try expectExact(objects: 1) { advanced(text().makeIterator(), by: 1) }
    try expectExact(objects: 1) { advanced(text().utf8.makeIterator(), by: 1) }
    try expectExact(objects: 3) { advanced([number(1): text(), number(2): text()].makeIterator(), by: 1) }
    try expectExact(objects: 3) { advanced(Set(array(text(20), text(21))).makeIterator(), by: 1) }
    try expectExact(objects: 0) { advanced((0..<number(9)).makeIterator(), by: 3) }
    try expectExact(objects: 1) { Countdown().makeIterator() }
  }

  @Test("pairs, numbers and order")
  func adaptors() throws {
    try expectExact(objects: 5) { zip(array(text()), array(text(), text())) }
    try expectExact(objects: 3) { array(text(), text()).enumerated() }
    try expectExact(objects: 3) { advanced(array(text(), text()).enumerated().makeIterator(), by: 1) }
    try expectExact(objects: 3) { array(text(), text()).reversed() as ReversedCollection }
    try expectExact(objects: 3) {
      advanced((array(text(), text()).reversed() as ReversedCollection).makeIterator(), by: 1)
    }
    try expectExact(objects: 5) { array(array(text()), array(text())).joined() }
    try expectExact(objects: 5) { advanced(array(array(text()), array(text())).joined().makeIterator(), by: 1) }
    try expectExact(objects: 3) { array(text(), text()).indices.map { _ in Leaf() } }
    try expectExact(objects: 1) { repeatElement(text(), count: number(3)) }
    try expectExact(objects: 1) { CollectionOfOne(text()) }
    try expectExact(objects: 0) { EmptyCollection<Leaf>() }
    try expectExact(objects: 1) { Countdown().dropFirst() }
    try expectExact(objects: 1) { Countdown().prefix(2) }
  }

  @Test("lazy sequences own their base and their closures")
  func lazySequences() throws {
    try expectExact(objects: 3) { array(text(), text()).lazy }
    try expectExact(objects: 3) { array(text(), text()).lazy.map { $0.count } }
    try expectExactAndSome {
      let (suffix, leaf) = (text(), Leaf())
      return array(text(), text()).lazy.map { $0 + suffix }.filter { $0.count > leaf.value }.enumerated()
    }
    try expectExactAndSome {
      let leaf = Leaf()
      return advanced(array(text(), text()).lazy.filter { $0.count > leaf.value }.makeIterator(), by: 1)
    }
    try expectExactAndSome {
      let leaf = Leaf()
      return array(text(), text()).lazy.flatMap { array($0, $0) }.prefix { $0.count > leaf.value }
    }
    try expectExactAndSome {
      let string = text()
      return sequence(first: text()) { $0.count > 50 ? nil : $0 + string }
    }
    try expectExactAndSome {
      sequence(state: (number(1), text())) {
        $0.0 += 1
        return $0.0 < 9 ? $0.1 : nil
      }
    }
  }

  @Test("type-erased sequences and iterators")
  func erased() throws {
    try expectExactAndSome { AnySequence(array(text(), text())) }
    try expectExactAndSome { AnyIterator(array(text(), text()).makeIterator()) }
    try expectExactAndSome { AnyCollection(Set(array(text(20), text(21)))) }
    try expectExactAndSome { AnyRandomAccessCollection(array(text(), text())) }
    try expectExactAndSome { AnyBidirectionalCollection(text()) }
    try expectExactAndSome {
      let string = text()
      var count = number(3)
      return AnyIterator {
        count -= 1
        return count > 0 ? string : nil
      }
    }
    try expectExactAndSome { AnySequence { array(text(), text()).makeIterator() } }
    try expectExactAndSome { AnyIndex(number(3)) }
  }

  @Test("what is left of an iterated sequence's state")
  func partly() throws {
    try expectExactAndSome { advanced(AnySequence(array(text(), text())).makeIterator(), by: 1) }
    try expectExactAndSome { advanced(zip(array(text(), text()), 1...).makeIterator(), by: 1) }
    try expectExactAndSome { Slice(base: array(text(), text()), bounds: 1..<number(2)) }
    try expectExactAndSome { array(text(), "b", text()).difference(from: array("b", text(30))) }
  }
}
