// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Asks live values of this Swift where they keep their words, once, before anything is sized or tracked. What the
/// measured program's runtime alone can tell is asked in C.
enum SelfTest {
  /// Whether it was done: asked for its effect.
  static let isDone: Bool = Engine.preferringOwnStack {
    // What the runtime keeps of the types is Sizer's, not the program's.
    var scope = csizer_allocator_scope()
    csizer_allocator_scope_enter(&scope)
    defer { csizer_allocator_scope_leave(&scope) }
    csizer_assumptions_ask_task()
    if Engine.isPreloaded {
      // This library's values are not the program's: it brings a standard library of its own.
      csizer_assumptions_leave_collections("a full one of the program's own can't be made from here")
    } else {
      askArray()
      askDictionary()
      askSet()
      askString()
    }
    return true
  }

  // What is asked is made by functions that nobody inlines: an optimiser that saw all of its life might keep it on the
  // stack.

  @inline(never) @_optimize(none)
  private static func makeArray(room: Int) -> [Int] {
    var array: [Int] = []
    array.reserveCapacity(room)
    while array.count < 5 { array.append(array.count) }
    return array
  }

  @inline(never) @_optimize(none)
  private static func makeDictionary(room: Int) -> [Int: UInt8] {
    var dictionary: [Int: UInt8] = [:]
    dictionary.reserveCapacity(room)
    while dictionary.count < 9 { dictionary[dictionary.count * 1_000_003] = UInt8(dictionary.count + 1) }
    return dictionary
  }

  @inline(never) @_optimize(none)
  private static func makeSet(room: Int) -> Set<Int> {
    var set: Set<Int> = []
    set.reserveCapacity(room)
    while set.count < 7 { set.insert(set.count * 1_000_033 + 1) }
    return set
  }

  @inline(never) @_optimize(none)
  private static func makeString(room: Int) -> String {
    var string = ""
    string.reserveCapacity(room)
    while string.utf8.count < 40 { string.append("s") }
    return string
  }

  private static func askArray() {
    let array = makeArray(room: 11), capacity = array.capacity
    array.withUnsafeBufferPointer { elements in
      guard let first = UnsafeRawPointer(elements.baseAddress) else { return }
      // unsafe: an array is one reference, to its storage.
      let storage = unsafeBitCast(array, to: UnsafeRawPointer.self)
      csizer_assumptions_ask_array(storage, csizer_allocator_usable_size(storage), elements.count, capacity, first)
    }
  }

  private static func askDictionary() {
    let dictionary = makeDictionary(room: 20)
    var contents = csizer_hash_contents(
      count: dictionary.count, capacity: dictionary.capacity, key_sum: 0, value_sum: 0)
    for (key, value) in dictionary {
      contents.key_sum += UInt64(key)
      contents.value_sum += UInt64(value)
    }
    withExtendedLifetime(dictionary) {
      // unsafe: a dictionary is one reference, to its storage.
      let storage = unsafeBitCast(dictionary, to: UnsafeRawPointer.self)
      csizer_assumptions_ask_hash(
        CSIZER_ASSUMES_DICTIONARIES, storage, csizer_allocator_usable_size(storage), &contents)
    }
  }

  private static func askSet() {
    let set = makeSet(room: 20)
    var contents = csizer_hash_contents(count: set.count, capacity: set.capacity, key_sum: 0, value_sum: 0)
    for key in set { contents.key_sum += UInt64(key) }
    withExtendedLifetime(set) {
      // unsafe: a set is one reference, to its storage.
      let storage = unsafeBitCast(set, to: UnsafeRawPointer.self)
      csizer_assumptions_ask_hash(CSIZER_ASSUMES_SETS, storage, csizer_allocator_usable_size(storage), &contents)
    }
  }

  private static func askString() {
    let room = 60, string = makeString(room: room)
    withUnsafePointer(to: string) { words in
      _ = words.pointee.utf8.withContiguousStorageIfAvailable { text in
        csizer_assumptions_ask_string(words, text.baseAddress, text.count, room)
      }
    }
  }
}
