// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// The rungs of a memory ladder in as many groups as a chart has colours for. Like the rungs, they add up to the
/// resident memory.
enum LadderGroups {
  static let names = [
    "Swift objects", "raw blocks that they own", "other living blocks", "allocator’s caches and tables", "stacks",
    "mapped files", "Sizer and the rest",
  ]

  /// In the order of the names. Wraps instead of trapping: a profile from a stranger may hold any numbers.
  static func bytes(of ladder: MemoryLadder) -> [Int] {
    let allocator = [
      ladder.threadCaches, ladder.dirtyPages, ladder.muzzyPages, ladder.allocatorMetadata, ladder.unusedInPages,
    ]
    return [
      (ladder.objects ?? 0) &+ (ladder.deadObjects ?? 0), ladder.rawBlocks ?? 0, ladder.otherBlocks,
      allocator.reduce(0, &+), ladder.stacks,
      ladder.mappedFiles &+ (ladder.copiedFilePages ?? 0), ladder.profiler &+ ladder.rest,
    ]
  }
}
