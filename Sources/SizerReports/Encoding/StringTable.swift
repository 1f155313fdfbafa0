// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// The texts of a page, each once; rows refer to them by index. Bounded, so that a profile with endless names gives a
/// page that opens all the same.
struct StringTable {
  /// Index 0 stands for every text that found no more room.
  static let leftOut = 0

  /// Index 1 stands for what is unknown.
  static let unknown = 1

  private(set) var texts = ["(left out: this page has no room for more names)", ""]
  private let numbers: TextNumbers
  /// For each of the numbers the index, as far as it was asked for.
  private var indices: [Int?] = []
  private var room: Int

  /// - Parameters:
  ///   - room: bytes of UTF-8 for all texts together.
  ///   - numbers: may have some texts already.
  init(room: Int, numbers: TextNumbers = TextNumbers()) {
    self.room = room
    self.numbers = numbers
  }

  /// The text's index; ``leftOut`` when there is no room for it.
  mutating func intern(_ text: String) -> Int {
    if text.isEmpty { return Self.unknown }
    let number = numbers.number(of: text)
    if number >= indices.count {
      indices += Array(repeating: nil, count: max(number + 1 - indices.count, indices.count))
    }
    if let index = indices[number] { return index }
    let index = add(text)
    indices[number] = index
    return index
  }

  private mutating func add(_ text: String) -> Int {
    // In the worst case every character is one that JSON writes in six, and short texts cost their quotes and index
    // too.
    let visible = VisibleText.of(text)
    let cost = visible.utf8.reduce(8) {
      $0 + ($1 == 0x3C || $1 == 0x3E || $1 == 0x26 ? 6 : $1 == 0x22 || $1 == 0x5C ? 2 : 1)
    }
    guard cost <= room else { return Self.leftOut }
    room -= cost
    texts.append(visible)
    return texts.count - 1
  }
}
