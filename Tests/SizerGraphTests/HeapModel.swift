// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph

/// A heap with reference counts, as Swift's: objects are freed when nobody counts them. What it leaks is known by what
/// its globals reach.
struct HeapModel {
  struct Object {
    var typeName: String
    /// Who it refers to, by slot: strongly, weakly, without owning.
    var fields: [Int: (target: Int, kind: HeapEdge.Kind)] = [:]
    var strong = 1
    var weak = 0
    var unowned = 0
  }

  private(set) var objects: [Int: Object] = [:]
  /// Global variables, by name.
  private(set) var globals: [String: (target: Int, kind: HeapEdge.Kind)] = [:]
  private var next = 1

  /// A new object, which whoever made it owns.
  mutating func make(_ typeName: String) -> Int {
    objects[next] = Object(typeName: typeName)
    next += 1
    return next - 1
  }

  mutating func retain(_ object: Int) { objects[object]?.strong += 1 }

  mutating func release(_ object: Int) {
    guard let strong = objects[object]?.strong else { return }
    objects[object]?.strong = strong - 1
    guard strong == 1, let dead = objects.removeValue(forKey: object) else { return }
    for (target, kind) in dead.fields.values { drop(target, kind) }
    // Weak references are nil from now on; what refers without owning traps, so that nobody follows it.
    for (holder, facts) in objects { objects[holder]?.fields = facts.fields.filter { $0.value.target != object } }
    globals = globals.filter { $0.value.target != object }
  }

  private mutating func take(_ target: Int, _ kind: HeapEdge.Kind) {
    switch kind {
    case .certain, .uncertain: retain(target)
    case .weak: objects[target]?.weak += 1
    case .unowned: objects[target]?.unowned += 1
    }
  }

  private mutating func drop(_ target: Int, _ kind: HeapEdge.Kind) {
    switch kind {
    case .certain, .uncertain: release(target)
    case .weak: objects[target]?.weak -= 1
    case .unowned: objects[target]?.unowned -= 1
    }
  }

  mutating func set(_ object: Int, _ slot: Int, to target: Int?, _ kind: HeapEdge.Kind = .certain) {
    guard objects[object] != nil else { return }
    if let target { take(target, kind) }
    let old = objects[object]?.fields[slot]
    objects[object]?.fields[slot] = target.map { ($0, kind) }
    if let old { drop(old.target, old.kind) }
  }

  mutating func setGlobal(_ name: String, to target: Int?, _ kind: HeapEdge.Kind = .certain) {
    if let target { take(target, kind) }
    let old = globals[name]
    globals[name] = target.map { ($0, kind) }
    if let old { drop(old.target, old.kind) }
  }

  /// What strong references of globals reach. Everything else that lives is leaked.
  var reached: Set<Int> {
    var found = Set(globals.values.filter { $0.kind.isStrong }.map(\.target))
    var waiting = Array(found)
    while let object = waiting.popLast() {
      for (target, kind) in objects[object]?.fields.values.map({ $0 }) ?? [] where kind.isStrong {
        if found.insert(target).inserted { waiting.append(target) }
      }
    }
    return found
  }

  static func address(of object: Int) -> UInt64 { 0x7000_0000 + UInt64(object) * 64 }

  /// - Parameter time: Threads have run so many milliseconds.
  func image(time: UInt64 = 1, roots: Bool = true, isFrozen: Bool = true) -> HeapImage {
    var builder = HeapImageBuilder()
    builder.info.isFrozen = isFrozen
    builder.threads = [HeapThread(id: 1, state: .running, processorTime: time * 100_000_000)]
    var types: [String: Int] = [:]
    var numbers: [Int: Int] = [:]
    for (object, facts) in objects.sorted(by: { $0.key < $1.key }) {
      let fields = (2..<8).map { HeapType.Field(offset: $0 * 8, label: ".f\($0)") }
      let type = types[facts.typeName] ?? builder.add(HeapType(name: facts.typeName, fields: fields))
      types[facts.typeName] = type
      numbers[object] = builder.addObject(
        at: Self.address(of: object), type: type, bytes: 64, strongCount: facts.strong, unownedCount: facts.unowned,
        weakCount: facts.weak)
    }
    for (object, facts) in objects {
      for (slot, field) in facts.fields.sorted(by: { $0.key < $1.key }) {
        guard let source = numbers[object], let target = numbers[field.target] else { continue }
        builder.addEdge(from: source, to: target, kind: field.kind, label: .slot(slot))
      }
    }
    for (name, global) in globals.sorted(by: { $0.key < $1.key }) where roots {
      let label = builder.label(.symbol, name)
      if let target = numbers[global.target] {
        builder.add(HeapRoot(.global, of: target, reference: global.kind, label: label))
      }
    }
    return builder.image()
  }
}
