// SPDX-License-Identifier: Apache-2.0

/// Numbers for texts, from 0: the same for texts of the same bytes. What is read of a profile shares its texts, by the
/// hundred thousand; here each is hashed once, and later known by where it lies in memory.
///
/// A class, so that several who count can share one. Not for several threads.
package final class TextNumbers {
  /// The texts by their numbers.
  package private(set) var texts: [String] = []
  /// How many bytes were hashed: the work that depends on how long texts are.
  package private(set) var hashedBytes = 0
  private var numbers: [ExactText: Int] = [:]
  private var places: [TextPlace: Int] = [:]
  /// Keeps texts where they are as long as their places are remembered.
  private var held: [String] = []

  package init() {}

  /// The text's number; a new one for a text that was not here before.
  package func number(of text: String) -> Int {
    guard let place = TextPlace(text, longerThan: 15) else { return hashed(text) }
    if let number = places[place] { return number }
    let number = hashed(text)
    places[place] = number
    held.append(text)
    return number
  }

  /// For each number the place of its text in the order of their bytes.
  package func ranks() -> [Int] {
    var ranks = [Int](repeating: 0, count: texts.count)
    let sorted = texts.indices.sorted { texts[$0].precedes(texts[$1]) }
    for (rank, number) in sorted.enumerated() { ranks[number] = rank }
    return ranks
  }

  private func hashed(_ text: String) -> Int {
    hashedBytes += text.utf8.count
    let key = ExactText(text)
    if let number = numbers[key] { return number }
    numbers[key] = texts.count
    texts.append(text)
    return texts.count - 1
  }
}
