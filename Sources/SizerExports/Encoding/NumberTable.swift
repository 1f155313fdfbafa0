// SPDX-License-Identifier: Apache-2.0

/// What a file says once and then refers to by number. Numbers go up from the first, in the order in which they are
/// asked for.
struct NumberTable<Key: Hashable & Sendable>: Sendable {
  /// By number, from the first.
  private(set) var keys: [Key] = []
  private var numbers: [Key: Int] = [:]
  private let first: Int

  /// - Parameter first: 1 where 0 stands for none.
  init(from first: Int = 0) { self.first = first }

  /// The number of a key. One that was not here before gets the next, and is to be told to the reader.
  mutating func number(of key: Key) -> (number: Int, isNew: Bool) {
    if let number = numbers[key] { return (number, false) }
    let number = first + keys.count
    numbers[key] = number
    keys.append(key)
    return (number, true)
  }

  /// The number of a key that is told with all others at the end.
  mutating func callAsFunction(_ key: Key) -> Int { number(of: key).number }
}
