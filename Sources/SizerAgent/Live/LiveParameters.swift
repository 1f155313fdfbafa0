// SPDX-License-Identifier: Apache-2.0

/// What a request says behind its question mark, checked.
struct LiveParameters {
  let values: [String: String]

  /// - Throws: for one that the verb does not know.
  init(_ values: [String: String], of verb: LiveVerbs.Verb) throws(HTTPRefusal) {
    if let unknown = values.keys.sorted().first(where: { !verb.parameters.contains($0) }) {
      let known = verb.parameters.isEmpty ? "it has none" : "it has \(verb.parameters.joined(separator: ", "))"
      throw HTTPRefusal(400, "\(verb.path) has no parameter \(unknown); \(known)")
    }
    self.values = values
  }

  /// How many entries a list may have.
  func limit(or fallback: Int = 100) throws(HTTPRefusal) -> Int {
    guard let text = values["limit"] else { return fallback }
    guard let limit = Int(text), (1...10_000).contains(limit), text.allSatisfy(\.isNumber) else {
      throw HTTPRefusal(400, "limit is no number from 1 to 10000")
    }
    return limit
  }

  /// A text that must be there.
  func text(_ name: String) throws(HTTPRefusal) -> String {
    guard let text = values[name], !text.isEmpty else { throw HTTPRefusal(400, "\(name) is missing; add ?\(name)=…") }
    return text
  }

  func isOn(_ name: String) -> Bool { values[name].map { $0 != "0" && !$0.isEmpty } ?? false }
}
