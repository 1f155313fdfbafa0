// SPDX-License-Identifier: Apache-2.0

import Foundation
import Sizer
import TrackingLoop

/// What tracked objects cost in memory: by Sizer's own account, and by the kernel's.
struct MemoryBenchmark {
  var objects: Int

  func run() throws -> [MemoryFigures] {
    // First what the program's own heap does not grow or shrink for.
    try [deadOneByOne(), living(), livingAmongOthers(), deadTogether()] + sizes()
  }

  /// Tracked objects, less what objects that are not tracked need: they are many enough to fill all holes of the heap
  /// first.
  private func living() throws -> MemoryFigures {
    let tracker = ClassTracker()
    defer { tracker.close() }
    var batches = [make(objects)]
    let plain = try growth { batches.append(make(objects)) }
    try tracker.track(class: Pair.self)
    let tracked = try growth { batches.append(make(objects)) }
    return withExtendedLifetime(batches) {
      MemoryFigures("living", objects: objects, tracked - plain, target: 46)
    }
  }

  /// An object as large as a pair, of another class.
  private final class Neighbour {
    let first: Int
    let second: Int

    init(_ number: Int) {
      first = number
      second = ~number
    }
  }

  /// One tracked object in twenty, among others of its size.
  private func livingAmongOthers() throws -> MemoryFigures {
    let share = 20
    let make = { [objects] in
      (0..<objects).map { $0.isMultiple(of: share) ? Pair($0) as AnyObject : Neighbour($0) }
    }
    let tracker = ClassTracker()
    defer { tracker.close() }
    var batches = (0..<4).map { _ in make() }  // what was measured before has left larger holes
    let plain = try growth { batches.append(make()) }
    try tracker.track(class: Pair.self)
    let tracked = try growth { batches.append(make()) }
    return withExtendedLifetime(batches) {
      MemoryFigures("living, one in twenty tracked", objects: objects / share, tracked - plain, target: 80)
    }
  }

  private func deadOneByOne() throws -> MemoryFigures {
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: Pair.self)
    let growth = try growth { _ = Churn(pairs: objects).nanosecondsPerPair }
    return MemoryFigures("dead, one after the other", objects: objects + objects / 64, growth, target: 24)
  }

  /// What is left of an index that once held all of them. The heap shrinks when the allocator pleases.
  private func deadTogether() throws -> MemoryFigures {
    let tracker = ClassTracker()
    defer { tracker.close() }
    _ = make(objects)
    try tracker.track(class: Pair.self)
    let growth = try growth {
      for round in 0..<2 {
        withExtendedLifetime(make(objects)) {}
        if round == 0 { try tracker.createSnapshot(mode: .inPlace) }
      }
      try tracker.createSnapshot(mode: .inPlace)
    }
    return MemoryFigures("dead, all at once", objects: 2 * objects, growth, target: 24, isResidentKnown: false)
  }

  /// An object whose size changes without anything being allocated.
  private final class Purse {
    var content: Pair?
  }

  private func sizes() throws -> [MemoryFigures] {
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: Purse.self)
    let purses = (0..<objects).map { _ in Purse() }
    let coins = make(objects)
    try tracker.createSnapshot(mode: .inPlace)
    let unchanged = try growth { for _ in 0..<8 { try tracker.createSnapshot(mode: .inPlace) } }
    let changes = 5
    let changed = try growth {
      for change in 0..<changes {
        for index in purses.indices { purses[index].content = change.isMultiple(of: 2) ? coins[index] : nil }
        try tracker.createSnapshot(mode: .inPlace)
      }
    }
    return [
      MemoryFigures("a snapshot, size unchanged", objects: objects, unchanged / 8, target: 0),
      MemoryFigures("a snapshot, size changed", objects: objects, changed / changes, target: 16),
    ]
  }

  private func growth(_ body: () throws -> Void) throws -> Growth {
    let before = (own: HeapSizer.capabilities.overheadBytes, resident: try residentBytes())
    try body()
    let resident = try residentBytes()
    return Growth(own: HeapSizer.capabilities.overheadBytes - before.own, resident: resident - before.resident)
  }
}

/// So many objects, at addresses in order.
func make(_ count: Int) -> [Pair] { (0..<count).map(Pair.init) }

/// Of the whole process, counted by its page tables: /proc/self/statm is off by what threads have not added up yet.
private func residentBytes() throws -> Int {
  let path = "/proc/self/smaps_rollup"
  let text = try String(contentsOfFile: path, encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix("Rss:") }
  guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
    throw BenchError("\(path) has no line Rss: in kB")
  }
  return kilobytes * 1024
}
