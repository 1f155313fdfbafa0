// SPDX-License-Identifier: Apache-2.0

import SizerGraph

/// Which node stands for what: first the groups, then all objects, then raw blocks and what objects have beyond what
/// a node can say.
struct SnapshotNodes {
  struct Block {
    var owner: Int
    var bytes: Int
    var name: String
  }

  // Numbers of the types in the head of the file.
  static let object = 3
  static let native = 8
  static let synthetic = 9
  /// The reader keeps sizes in 32 bits.
  private static let mostBytes = Int(UInt32.max) & ~7

  /// Ascending by owner.
  let blocks: [Block]
  /// How many edges there are, from whatever node.
  let edgeCount: Int

  private let image: HeapImage
  private let groupCount: Int
  /// Where each object's blocks begin.
  private let firstBlock: [UInt32]

  init(of image: HeapImage, _ roots: SnapshotRoots) {
    self.image = image
    groupCount = roots.groups.count
    var blocks: [Block] = []
    func add(_ owner: Int, _ bytes: Int, _ name: String) {
      var left = bytes
      repeat {
        blocks.append(Block(owner: owner, bytes: min(left, Self.mostBytes), name: name))
        left -= Self.mostBytes
      } while left > 0
    }
    for block in image.rawBlocks where block.bytes > 0 {
      add(block.owner, block.bytes, block.label.map { image.labels[$0].text } ?? "raw block")
    }
    for object in 0..<image.objectCount where image.bytes(of: object) > Self.mostBytes {
      add(object, image.bytes(of: object) - Self.mostBytes, "more of \(image.name(of: object))")
    }
    blocks.sort { $0.owner < $1.owner }
    var firstBlock: [UInt32] = []
    firstBlock.reserveCapacity(image.objectCount + 1)
    var next = 0
    for object in 0...image.objectCount {
      while next < blocks.count, blocks[next].owner < object { next += 1 }
      firstBlock.append(UInt32(next))
    }
    self.blocks = blocks
    self.firstBlock = firstBlock
    edgeCount = roots.groups.reduce(0) { $0 + $1.edges.count } + image.edgeCount + blocks.count
  }

  var count: Int { groupCount + image.objectCount + blocks.count }

  func node(of object: Int) -> Int { groupCount + object }

  func node(ofBlock block: Int) -> Int { groupCount + image.objectCount + block }

  func blocks(of object: Int) -> Range<Int> { Int(firstBlock[object])..<Int(firstBlock[object + 1]) }

  func ownBytes(of object: Int) -> Int { min(image.bytes(of: object), Self.mostBytes) }

  /// How many edges leave its node.
  func degree(of object: Int) -> Int { image.edgeCount(from: object) + blocks(of: object).count }

  /// All but `object` and `native` would be lumped together by the reader, by their type instead of their name.
  static func type(of kind: HeapType.Kind) -> Int {
    switch kind {
    case .closureContext, .sideTable, .taskSlab, .foreign: native
    default: object
    }
  }
}
