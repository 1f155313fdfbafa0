// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// A block of the host's own data, which nobody tracks: a header and thirty words, 256 bytes.
final class Block {
  private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
  private var first: Words
  private var second: Words
  private var third: Words

  init(_ number: Int) {
    let word = UInt64(number)
    first = (word, word, word, word, word, word, word, word, word, word)
    second = first
    third = first
  }

  /// Writes into the page that it is in.
  func touch() { second.4 &+= 1 }
}

/// What is tracked: an object with a buffer and an object of its own.
final class Session {
  let history: [Int]
  let pair: Pair

  init(_ number: Int) {
    history = (0..<8).map { number &+ $0 }
    pair = Pair(number)
  }
}

/// The heap of a busy process.
// The worker alone touches the blocks; whoever else holds the heap only keeps it alive.
final class LiveHeap: @unchecked Sendable {
  static let sessionCount = 10_000
  let blocks: [Block]
  private let sessions: [Session]

  /// Blocks of so many bytes, and sessions, which are tracked if their class is.
  init(mebibytes: Int) {
    sessions = (0..<LiveHeap.sessionCount).map(Session.init)
    let count = (mebibytes << 20) / (256 + MemoryLayout<Block>.stride)
    var blocks: [Block] = []
    blocks.reserveCapacity(count)
    for number in 0..<count { blocks.append(Block(number)) }
    self.blocks = blocks
  }
}
