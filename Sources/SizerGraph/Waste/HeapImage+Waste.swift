// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What could be saved, by kind, type and holder; the largest first. Complexity: O(objects + edges).
  ///
  /// Kinds overlap: an empty collection's slack is in both. Slack needs requested sizes, duplicates need content
  /// hashes, pinned
  /// buffers need views: what the writer did not tell is not there.
  public func waste() -> [WasteRecord] {
    var table = WasteTable(image: self)
    addSlack(to: &table)
    for record in unusedCapacity {
      table.add(.unusedCapacity, Int(record.object), wasted: Int(record.figure), of: bytes(of: Int(record.object)))
    }
    for object in 0..<objectCount where flagBits[object] & Flags.emptyCollection.rawValue != 0 {
      table.add(.emptyCollections, object, wasted: bytes(of: object), of: bytes(of: object))
    }
    addDuplicates(to: &table)
    addPinnedBuffers(to: &table)
    addLargerClasses(to: &table)
    return table.records()
  }

  private func addSlack(to table: inout WasteTable) {
    for object in 0..<objectCount where slack[object] > 1 {
      table.add(.slack, object, wasted: Int(slack[object] - 1), of: bytes(of: object))
    }
    for block in rawBlocks {
      guard let requested = block.requestedBytes, requested < block.bytes else { continue }
      table.add(.slack, block.owner, wasted: block.bytes - requested, of: block.bytes)
    }
  }

  /// All but the first of those of one type with one content.
  private func addDuplicates(to table: inout WasteTable) {
    struct Content: Hashable {
      var type: UInt32
      var hash: UInt64
    }
    let raw = rawBytesByOwner()
    var seen: Set<Content> = []
    for record in contentHashes {
      let object = Int(record.object)
      guard !seen.insert(Content(type: typeOf[object], hash: record.figure)).inserted else { continue }
      let all = bytes(of: object) &+ raw[object, default: 0]
      table.add(.duplicates, object, wasted: all, of: all)
    }
  }

  /// Buffers of which views alone know, and show less than half. Views may overlap: what they show is at most their
  /// sum.
  private func addPinnedBuffers(to table: inout WasteTable) {
    struct Use {
      var count = 0
      var bytes = 0
      var holder: Int?
    }
    let raw = rawBytesByOwner()
    var uses: [Int: Use] = [:]
    for slice in slices {
      uses[slice.buffer, default: Use()].count += 1
      uses[slice.buffer, default: Use()].bytes &+= slice.usedBytes
      if let holder = slice.holder { uses[slice.buffer, default: Use()].holder = holder }
    }
    for (buffer, use) in uses where Int(strong[buffer]) <= use.count {
      let held = bytes(of: buffer) &+ raw[buffer, default: 0]
      guard use.bytes < held / 2 else { continue }
      table.add(.pinnedBuffers, buffer, wasted: held - use.bytes, of: held, holder: use.holder)
    }
  }

  /// Two words are the most that somebody finds to remove.
  private func addLargerClasses(to table: inout WasteTable) {
    for object in 0..<objectCount {
      let type = types[Int(typeOf[object])]
      guard type.instanceBytes > 0, let smaller = sizeClass(below: bytes(of: object)) else { continue }
      let excess = type.instanceBytes - smaller
      guard excess > 0, excess <= 16 else { continue }
      table.add(.largerClass, object, wasted: bytes(of: object) - smaller, of: bytes(of: object), excess: excess)
    }
  }

  private func sizeClass(below bytes: Int) -> Int? {
    var low = 0
    var high = sizeClasses.count
    while low < high {
      let middle = (low + high) / 2
      if sizeClasses[middle] < bytes { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? sizeClasses[low - 1] : nil
  }
}
