// SPDX-License-Identifier: Apache-2.0

/// The places of several images, in numbers: what has the same names all the way from the root is one place in all of
/// them. A place costs a few words, however long its names are: a stranger's image may have long ones.
struct PathPlaces {
  /// How a place hangs under another one.
  private struct Step: Hashable {
    /// -1 at a root.
    var parent: Int
    var label: Int
    var typeName: Int
  }

  private var texts: [String] = []
  private var textNumbers: [String: Int] = [:]
  private var steps: [Step] = []
  private var stepNumbers: [Step: Int] = [:]

  /// The number of a text. O(its length).
  mutating func number(of text: String) -> Int {
    if let number = textNumbers[text] { return number }
    textNumbers[text] = texts.count
    texts.append(text)
    return texts.count - 1
  }

  /// The place under another one, or a root's; label and type name are numbers of texts.
  mutating func place(under parent: Int?, label: Int, typeName: Int) -> Int {
    let step = Step(parent: parent ?? -1, label: label, typeName: typeName)
    if let number = stepNumbers[step] { return number }
    stepNumbers[step] = steps.count
    steps.append(step)
    return steps.count - 1
  }

  /// What the objects at a place are.
  func typeName(of place: Int) -> String { texts[steps[place].typeName] }

  /// The way to a place from its root.
  ///
  /// - Parameter room: Bytes that the texts of ways may still have. One that has no room is told by its two ends: a
  ///   million ways of a stranger's image may have long names in common.
  func path(of place: Int, room: inout Int) -> String {
    var parts: [String] = []
    var length = 0
    var next = place
    while next >= 0 {
      let text = texts[steps[next].label]
      parts.append(text)
      length += text.utf8.count + Self.joint.utf8.count
      next = steps[next].parent
    }
    guard length > room else {
      room -= length
      return parts.reversed().joined(separator: Self.joint)
    }
    let ends = parts.count > 1 ? [parts[parts.count - 1], parts[0]] : parts
    return ends.map(Self.cut).joined(separator: Self.joint + "…" + Self.joint)
  }

  private static let joint = " -> "

  private static func cut(_ text: String) -> String {
    let longest = 60
    return text.utf8.count <= longest ? text : String(text.unicodeScalars.prefix(longest)) + "…"
  }
}
