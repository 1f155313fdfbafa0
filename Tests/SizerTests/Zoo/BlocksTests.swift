// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Sizer
import Testing

// Blocks are what C libraries call closures. On Linux the runtime has no value witnesses for them; reading these killed
// the host.

private typealias Block = @convention(block) () -> Void

private final class Holder {
  let block: Block
  init(_ block: @escaping Block) { self.block = block }
}
private final class Maybe {
  var before = 1
  var block: Block?
  var after = text()
}
private struct InValue {
  var name = text()
  var block: Block
  var other: (@convention(block) (Int) -> Int)?
}
private enum Choice {
  case none
  case name(String)
  case block(Block)
}
private final class Callbacks {
  var done: ((Block) -> Void)?
  var c: (@convention(c) (Int32) -> Void)?
  var waiting: [Block]?
  var named: [String: Block]?
  var leaf = Leaf()
}
private final class Pending { var item: DispatchWorkItem? }
/// A tuple, and an optional of an optional, that only the compiler lays out: the runtime can't be asked for their
/// types.
private final class Wrapped {
  var pair: (Block, Int)?
  var twice: Block??
  var leaf = Leaf()
}

@Suite("Blocks")
struct BlocksTests {
  @Test("a block owns the closure that it was made from")
  func closures() throws {
    try expectExact(objects: 2, rawBlocks: 1) {
      let leaf = Leaf()
      return Holder { keepAlive(leaf) }
    }
    try expectExact(objects: 1, rawBlocks: 1) { Holder {} }
    try expectExact(objects: 5, rawBlocks: 1) {
      let leaf = Leaf()
      let words = array(text())
      return Holder { keepAlive((leaf, words)) }
    }
  }

  @Test("optional blocks")
  func optionals() throws {
    try expectExact(objects: 2) { Maybe() }
    try expectExact(objects: 3, rawBlocks: 1) {
      let leaf = Leaf()
      let maybe = Maybe()
      maybe.block = { keepAlive(leaf) }
      return maybe
    }
  }

  @Test("blocks in structs, enums and contexts")
  func values() throws {
    try expectExact {
      let leaf = Leaf()
      return array(InValue(block: { keepAlive(leaf) }, other: { number in leaf.value + number }))
    }
    try expectExact {
      let leaf = Leaf()
      return array(Choice.block { keepAlive(leaf) }, .none, .name(text()))
    }
    try expectExact {
      let leaf = Leaf()
      let block: Block = { keepAlive(leaf) }
      let maybe: Block? = number(1) == 1 ? block : nil
      return Action {
        block()
        maybe?()
        return 1
      }
    }
  }

  @Test("one block that two hold is counted once")
  func shared() throws {
    let size = try expectExact {
      let leaf = Leaf()
      let block: Block = { keepAlive(leaf) }
      return array(Holder(block), Holder(block))
    }
    #expect(size.rawBlockCount == 1)
  }

  @Test("functions that take blocks, C's functions, and collections of blocks, which a debug build can't even make")
  func callbacks() throws {
    try expectExact {
      let leaf = Leaf()
      let callbacks = Callbacks()
      callbacks.done = { block in
        block()
        keepAlive(leaf)
      }
      return callbacks
    }
  }

  @Test("types that only the compiler lays out say that they are unknown")
  func unknown() throws {
    let wrapped = Wrapped()
    wrapped.pair = ({}, 1)
    let size = try HeapSizer().size(of: wrapped)
    #expect(size.unresolvedCount > 0)
    #expect(size.objectCount == 2)
  }

  @Test("work items: the item, two blocks, the group that others wait with, what the closure captured")
  func workItems() throws {
    _ = DispatchWorkItem {}
    try expectExact {
      let leaf = Leaf()
      let words = array(text())
      return DispatchWorkItem { keepAlive((leaf, words)) }
    }
    try expectExact { DispatchWorkItem {} }
    try expectExact {
      let pending = Pending()
      let leaf = Leaf()
      pending.item = DispatchWorkItem(qos: .background, flags: .barrier) { keepAlive(leaf) }
      pending.item?.cancel()
      return pending
    }
    try expectExact(objects: 1) { Pending() }
  }

  @Test("what waits for a work item is libdispatch's, and unknown")
  func notified() throws {
    let item = DispatchWorkItem {}
    item.notify(queue: .global()) { keepAlive(item) }
    #expect(try HeapSizer().size(of: item).unresolvedCount == 1)
    item.perform()
  }
}
