// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import Synchronization

/// The type's name as reports have it: fully qualified, and the same in every run of a program.
///
/// The runtime calls a type that is private to a file or local to a function
/// `Demo.(unknown context at $5561c3ffcf24).Leaf`, with an address that is another one in the next run. Here it is
/// `Demo.Leaf`; where another type of the process has that name, `Demo.Leaf#1`, `Demo.Leaf#2`, counted in the order of
/// linking (that of files in a module), so that two classes are never one row.
package func typeName(of type: Any.Type) -> String { stableName(Engine.runtimeName(of: type)) }

/// A name that the runtime has made, without what is another one in the next run. What is not known of (its image's
/// file is gone) stays.
package func stableName(_ name: String) -> String {
  guard name.utf8.contains(UInt8(ascii: "(")), name.holds(scopeMark) || name.holds(discriminatorMark) else {
    return name
  }
  return known.withLock { known in
    if let stable = known.names[name] { return stable }
    let generation = ImageTable.current().generation
    let refusals = Engine.refusalCount
    if known.types?.generation != generation { known.types = (PrivateTypes(), generation) }
    let stable = known.types.map { withoutScopes(name, $0.types) } ?? name
    if Engine.refusalCount == refusals {
      known.names[name] = stable
    } else {
      known.types = nil  // some image's types are missing: no file could be opened
    }
    return stable
  }
}

/// Names once given stay: an image that is loaded later may bring another type of that name, and this one's is in a
/// file already.
private let known = Mutex<Known>(Known())

private struct Known {
  var types: (types: PrivateTypes, generation: UInt64)?
  var names: [String: String] = [:]
}

private let scopeMark = "(unknown context at $"
/// Of programs that were told to name their scopes: `Demo.(Leaf in _D3B21C)`.
private let discriminatorMark = " in _"

private func withoutScopes(_ name: String, _ types: PrivateTypes) -> String {
  var stable = ""
  var rest = name[...]
  while let start = rest.firstIndex(of: "(") {
    stable += rest[..<start]
    rest = rest[start...]
    if let scope = Scope(at: rest), let part = scope.replacement(types) {
      stable += part.text
      rest = part.rest
    } else if let part = discriminated(rest, types) {
      stable += part.text
      rest = part.rest
    } else {
      stable.append(rest.removeFirst())
    }
  }
  return stable + rest
}

/// One or several scopes, `(unknown context at $1f).(unknown context at $2e).`, and the text behind them.
private struct Scope {
  /// The innermost's.
  var address: UInt
  var rest: Substring

  init?(at text: Substring) {
    var text = text
    var address: UInt?
    while text.hasPrefix(scopeMark), let end = text.firstIndex(of: ")"), text[end...].hasPrefix(").") {
      address = UInt(text[..<end].dropFirst(scopeMark.count), radix: 16)
      text = text[end...].dropFirst(2)
    }
    guard let address else { return nil }
    (self.address, rest) = (address, text)
  }

  func replacement(_ types: PrivateTypes) -> (text: String, rest: Substring)? {
    guard let entry = types.entry(inScopeAt: address, at: rest) else { return nil }
    return (entry.name + (entry.number.map { "#\($0)" } ?? ""), rest.dropFirst(entry.name.count))
  }
}

/// `(Leaf in _D3B21C)` is the same in every run; only one that needs no telling apart is made shorter.
private func discriminated(_ text: Substring, _ types: PrivateTypes) -> (text: String, rest: Substring)? {
  let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
  guard !name.isEmpty, text[name.endIndex...].hasPrefix(discriminatorMark), types.isOnlyOne(name),
    let end = text.firstIndex(of: ")"),
    text[name.endIndex..<end].dropFirst(discriminatorMark.count).allSatisfy(\.isHexDigit)
  else { return nil }
  return (String(name), text[end...].dropFirst())
}
