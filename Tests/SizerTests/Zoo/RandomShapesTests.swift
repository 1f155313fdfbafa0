// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import Sizer
import Testing

private protocol Part {}
private class Object: Part {
  var parts: [any Part] = []
  var any: Any?
}
private final class Special<Value>: Object {
  var flag = true
  var value: Value
  weak var back: Object?
  unowned(unsafe) var owner: Object?
  init(_ value: Value) { self.value = value }
}
private struct Small: Part { var object: Object? }
private struct Large: Part {
  var flag: UInt8 = 1
  var text: String
  var pair: (Any, Object?)
  var choice: Choice
}
private indirect enum Choice: Part {
  case none
  case text(String)
  case any(Any, UInt8)
  case object(Object)
  case both(Choice, Choice)
}
private struct Function: Part { var run: () -> Any }
extension String: Part {}
extension Int: Part {}
extension Array: Part where Element: Part {}
extension Dictionary: Part where Value: Part {}
extension Optional: Part where Wrapped: Part {}

/// Builds a graph of the zoo's types. Objects already made are referred to again, so there are shared parts and cycles.
private struct Generator {
  var random: SeededGenerator
  var objects: [Object] = []
  var budget: Int

  init(seed: UInt64, budget: Int) { (random, self.budget) = (SeededGenerator(seed: seed), budget) }

  mutating func object(_ depth: Int) -> Object {
    if let known = objects.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0 { return known }
    let object: Object
    switch Int.random(in: 0..<5, using: &random) {
    case 0: object = Special((UInt8(1), part(depth - 1)))
    case 1: object = Special(text(Int.random(in: 0...100, using: &random)))
    case 2: object = Special(choice(depth - 1))
    case 3: object = Special([text(17): part(depth - 1)])
    default: object = Object()
    }
    objects.append(object)
    for _ in 0..<Int.random(in: 0...4, using: &random) { object.parts.append(part(depth - 1)) }
    if Bool.random(using: &random) { object.any = part(depth - 1) }
    return object
  }

  mutating func choice(_ depth: Int) -> Choice {
    switch Int.random(in: 0..<5, using: &random) {
    case 0 where depth > 0: .both(choice(depth - 1), choice(depth - 1))
    case 1: .any(part(depth - 1), 200)
    case 2 where depth > 0: .object(object(depth - 1))
    case 3: .text(text(Int.random(in: 0...40, using: &random)))
    default: .none
    }
  }

  mutating func part(_ depth: Int) -> any Part {
    budget -= 1
    guard depth > 0, budget > 0 else { return text(Int.random(in: 10...20, using: &random)) }
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return Small(object: Bool.random(using: &random) ? object(depth - 1) : nil)
    case 1: return Large(text: text(30), pair: (part(depth - 1), object(depth - 1)), choice: choice(depth - 1))
    case 2: return choice(depth)
    case 3:
      let (captured, string, number) = (part(depth - 1), text(20), UInt16(budget & 0xFFF))
      return Function { (captured, string, number) }
    case 4:
      let captured = object(depth - 1)
      return Function { [weak captured] in captured as Any }
    case 5: return [choice(depth - 1), choice(depth - 1)]
    case 6: return ["short": choice(depth - 1), text(40): .none]
    case 7: return number(budget)
    case 8: return Optional(text(25))
    default: return object(depth)
    }
  }

  /// The graph's root. Weak and unowned references run between its objects, all of which it keeps.
  mutating func root() -> Object {
    let root = Special(array(0))
    objects.append(root)
    while budget > 0 { root.parts.append(part(6)) }
    for case let object as Special<Choice> in objects {
      object.back = objects.randomElement(using: &random)
      object.owner = root
    }
    root.any = objects
    return root
  }
}

@Suite("Random graphs of the zoo's types")
struct RandomShapesTests {
  @Test("exact, whatever the shape", arguments: 1...40 as ClosedRange<UInt64>)
  func exact(seed: UInt64) throws {
    try expectExactAndSome("seed \(seed)") {
      var generator = Generator(seed: seed, budget: 300)
      return generator.root()
    }
  }

  @Test("exact for large graphs", arguments: [1_001, 1_002, 1_003] as [UInt64])
  func large(seed: UInt64) throws {
    try expectExactAndSome("seed \(seed)") {
      var generator = Generator(seed: seed, budget: 30_000)
      return generator.root()
    }
  }
}
