// SPDX-License-Identifier: Apache-2.0
import CSizer

/// The types of the process that are private to a file or local to a function, and which of them share their dotted
/// name. As of one moment: images that are loaded later have types that are not in it.
struct PrivateTypes: Sendable {
  /// A type in a scope, which the runtime names by an address.
  struct Entry: Sendable {
    /// Its own name.
    var name: String
    /// Counts those of one dotted name, from 1, in the order of linking; nil when no other type in the process has that
    /// name.
    var number: Int?
  }

  /// What is declared in a scope, by the scope's address.
  private var entries: [UInt: [Entry]] = [:]
  /// How many types have this name, whatever they are in, of names that some type in a scope has.
  private var countsByName: [String: Int]

  /// Reads the files of all images twice: some milliseconds, under the loader's lock. Most types are in no scope, and
  /// nothing is kept of them: the host's heap is not ours.
  init() {
    var found: [Scoped] = []
    var seen: Set<Scoped> = []
    Self.visit { type in
      guard let scope = type.scope.map({ UInt(bitPattern: $0) }) else { return }
      let one = Scoped(scope: scope, name: String(cString: type.name), dotted: String(cString: type.dotted))
      if seen.insert(one).inserted { found.append(one) }
    }
    var counts: [String: Int] = [:]
    for type in found { counts[type.dotted, default: 0] += 1 }
    let namesInScopes = Set(found.map(\.name))
    var countsByName: [String: Int] = [:]
    Self.visit { type in
      guard type.scope == nil else { return }
      counts[String(cString: type.dotted)]? += 1
      if namesInScopes.contains(String(cString: type.name)) {
        countsByName[String(cString: type.name), default: 0] += 1
      }
    }
    var numbers: [String: Int] = [:]
    for type in found {
      let number = numbers[type.dotted, default: 0] + 1
      numbers[type.dotted] = number
      let isAlone = counts[type.dotted, default: 1] == 1
      entries[type.scope, default: []].append(Entry(name: type.name, number: isAlone ? nil : number))
      countsByName[type.name, default: 0] += 1
    }
    self.countsByName = countsByName
  }

  private static func visit(_ body: (csizer_declared_type) -> Void) {
    withoutActuallyEscaping(body) { body in
      var body = body
      withUnsafeMutablePointer(to: &body) { body in
        csizer_declared_types_visit(
          { type, body in
            // Both pointers are good for the length of the visit, by csizer_declared_types_visit's manual.
            guard let type = type?.pointee, let body else { return }
            body.assumingMemoryBound(to: ((csizer_declared_type) -> Void).self).pointee(type)
          }, body)
      }
    }
  }

  /// The type in a scope with whose name a text begins; nil when there is none.
  func entry(inScopeAt address: UInt, at text: Substring) -> Entry? {
    entries[address]?.filter { text.hasPrefix($0.name) }.max { $0.name.utf8.count < $1.name.utf8.count }
  }

  /// Whether one type at most has this name.
  func isOnlyOne(_ name: Substring) -> Bool { countsByName[String(name), default: 0] <= 1 }
}

/// What the engine tells of a type in a scope.
private struct Scoped: Hashable {
  var scope: UInt
  var name: String
  var dotted: String
}
