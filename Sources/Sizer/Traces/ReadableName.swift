// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// A symbol in the form of Swift's crash reports, `Employee.init(name:)`; C++'s are demangled too, C's stay as they
/// are.
///
/// The toolchain's `Runtime` module has this form ready. It is not used, for libswiftRuntime.so (6.3) asks the loader
/// for executable stacks: each thread of every program that links it gets one. The runtime's own demangler says
/// everything at length; here modules, types and results are left out, which file, line and image tell better.
package func readableName(_ symbol: String) -> String {
  if isAsyncMain(symbol) { return "async main" }
  guard let text = Engine.demangled(symbol) else { return symbol }
  return symbol.hasPrefix("$") ? shortened(text[...]) : text
}

/// A variable's symbol, with its module: `App.Store.shared`.
package func variableName(_ symbol: String) -> String {
  guard symbol.hasPrefix("$"), let text = Engine.demangled(symbol) else { return readableName(symbol) }
  let name = text[...].split(atOutermost: " in ").map { entity($0, hasModule: false) }.joined(separator: " in ")
  let word = "static "
  return name.hasPrefix(word) ? String(name.dropFirst(word.count)) : name
}

/// Top-level code that waits, and `main` around it: the compiler gives them a name that no demangler knows, with the
/// endings of the parts in which a function goes on (`TY0_`, `TQ1_`) and of its async function pointer (`Tu`).
private func isAsyncMain(_ symbol: String) -> Bool {
  let start = "async_Main"
  guard symbol.hasPrefix(start) else { return false }
  let ending = symbol.dropFirst(start.count)
  if ending.isEmpty || ending == "Tu" { return true }
  guard ending.hasPrefix("TY") || ending.hasPrefix("TQ"), ending.hasSuffix("_") else { return false }
  return ending.dropFirst(2).dropLast().allSatisfy { $0.isASCII && $0.isNumber }
}

/// What stands before the entity that a symbol was made for, and what is said instead.
private let prefixes: [(long: String, short: String)] = [
  (long: "partial apply forwarder for ", short: "partial apply for "), ("merged ", "merged "),
  ("protocol witness for ", "protocol witness for "), ("dispatch thunk of ", ""), ("async function pointer to ", ""),
]

private func shortened(_ text: Substring) -> String {
  for prefix in prefixes where text.hasPrefix(prefix.long) {
    return prefix.short + shortened(text.dropFirst(prefix.long.count))
  }
  if let rest = text.behindSpecialisation {
    let name = shortened(rest)
    return name.hasPrefix("specialized ") ? name : "specialized " + name
  }
  if let rest = text.behindResumption { return shortened(rest) }
  // From what to what it leads are types of many lines.
  let thunk = "reabstraction thunk "
  if text.hasPrefix(thunk) { return String(thunk.dropLast()) }
  let contexts = text.split(atOutermost: " in ")
  let end = contexts.firstIndex { $0.hasPrefix("conformance ") } ?? contexts.count
  // What is inside of a function is not in a module by itself.
  return contexts[..<end].enumerated().map { entity($1, hasModule: $0 == end - 1) }.joined(separator: " in ")
}

/// One declaration: its name without the module, and its labels.
private func entity(_ text: Substring, hasModule: Bool) -> String {
  var text = text
  var words = ""
  for word in ["static ", "class "] where text.hasPrefix(word) {
    words += word
    text = text.dropFirst(word.count)
  }
  if text.hasPrefix("(extension in "), let end = text.range(ofOutermost: ":")?.upperBound { text = text[end...] }
  text = text.split(atOutermost: " : ")[0].split(atOutermost: " -> ")[0]
  let list = text.parameterList
  let name = plainName(list.map { text[..<$0.lowerBound] } ?? text, hasModule: hasModule)
  if name.holds("closure #") {
    return words + (name.hasSuffix(" @Sendable ") ? String(name.dropLast(" @Sendable ".count)) : name.trimmed)
  }
  guard let list else { return words + name }
  return words + name + labels(text[list].dropFirst().dropLast())
}

/// Without the module, the marks of private names, and the conditions of generic parameters.
private func plainName(_ text: Substring, hasModule: Bool) -> String {
  var parts = text.split(atOutermost: ".")
  // An operator may begin with a dot; a local function or a C name has no module. What the compiler made is said in
  // words before it.
  var words: Substring = ""
  if hasModule, parts.count > 1, !parts[0].isEmpty, !parts[1].isEmpty {
    let module = parts.removeFirst()
    words = module[..<(module.lastIndex(of: " ").map(module.index(after:)) ?? module.startIndex)]
  }
  return words
    + parts.map { part in
      var part = String(part)
      if part.hasPrefix("("), let mark = part[...].range(of: " in ")?.lowerBound, let end = part.firstIndex(of: ")") {
        part = String(part[..<mark].dropFirst() + part[part.index(after: end)...])
      }
      guard part.hasSuffix(">"), let condition = part[...].range(of: " where ")?.lowerBound else { return part }
      return part[..<condition] + ">"
    }.joined(separator: ".")
}

private func labels(_ parameters: Substring) -> String {
  if parameters.isEmpty { return "()" }
  let labels = parameters.split(atOutermost: ", ").map { parameter in
    let label = parameter.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return !label.isEmpty && parameter.dropFirst(label.count).hasPrefix(": ") ? label + ":" : "_:"
  }
  return "(" + labels.joined() + ")"
}

extension Substring {
  /// What `generic specialization <Swift.Int> of f()` is a specialisation of.
  fileprivate var behindSpecialisation: Substring? {
    guard let head = split(atOutermost: " <").first, head.hasSuffix("specialization"), head.count < count else {
      return nil
    }
    return range(ofOutermost: "> of ").map { self[$0.upperBound...] }
  }

  /// What `(2) suspend resume partial function for f()` resumes.
  fileprivate var behindResumption: Substring? {
    guard hasPrefix("("), let start = range(of: "resume partial function for ") else { return nil }
    return self[start.upperBound...]
  }

  /// The last group in parentheses that is no private name.
  fileprivate var parameterList: Range<Index>? {
    var depth = 0
    var start = startIndex
    var found: Range<Index>?
    for index in indices {
      switch self[index] {
      case "(", "<", "[":
        if depth == 0, self[index] == "(" { start = index }
        depth += 1
      case ">" where isArrow(at: index): break
      case ")", ">", "]":
        depth -= 1
        let isName = start == startIndex || self[self.index(before: start)] == "."
        if depth == 0, self[index] == ")", !isName, found == nil { found = start..<self.index(after: index) }
      default: break
      }
    }
    return found
  }

  fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : String(self) }

  private func isArrow(at index: Index) -> Bool {
    index > startIndex && self[self.index(before: index)] == "-"
  }

  /// Where a text stands outside of all brackets; one that begins with a closing bracket stands at that bracket.
  fileprivate func range(ofOutermost text: String, from start: Index? = nil) -> Range<Index>? {
    var depth = 0
    for index in self[(start ?? startIndex)...].indices {
      let isClosing = (self[index] == ")" || self[index] == "]" || self[index] == ">") && !isArrow(at: index)
      if isClosing { depth -= 1 }
      if depth == 0, self[index...].hasPrefix(text) {
        return index..<self.index(index, offsetBy: text.count)
      }
      if self[index] == "(" || self[index] == "[" || self[index] == "<" { depth += 1 }
    }
    return nil
  }

  fileprivate func split(atOutermost separator: String) -> [Substring] {
    var parts: [Substring] = []
    var start = startIndex
    while let range = range(ofOutermost: separator, from: start) {
      parts.append(self[start..<range.lowerBound])
      start = range.upperBound
    }
    return parts + [self[start...]]
  }

  /// Where a text stands first.
  fileprivate func range(of text: String) -> Range<Index>? {
    for index in indices where self[index...].hasPrefix(text) {
      return index..<self.index(index, offsetBy: text.count)
    }
    return nil
  }
}

extension String {
  fileprivate var trimmed: String { self[...].trimmed }
}
