// SPDX-License-Identifier: Apache-2.0

extension ProfileWriter {
  /// Where a run of sizes ends: nine rows of it fill a page of the database.
  private static let runBytes = 420

  /// Sizes of the snapshot that was added last, in order of object.
  mutating func add(sizes: some Sequence<History.SizeRow>) throws(ProfileError) {
    let unit = try commonUnit(sizes)
    var list = NumberListWriter()
    var first = 0
    var next = 0
    for row in sizes {
      let object = Int(row.object)
      if list.isEmpty {
        first = object
      } else if list.count > Self.runBytes {
        try addRun(first, unit, &list)
        first = object
      } else if object > next {
        list.append(Int64(next - object))
      }
      guard object >= next, object < counts.objects else {
        throw origin.inconsistent("sizes of object \(object) are out of order, or it is unknown")
      }
      list.append(row.bytes / unit)
      next = object + 1
    }
    if !list.isEmpty { try addRun(first, unit, &list) }
  }

  /// Allocators give multiples of 8 or 16: counted in these, a size has a digit less. At least 1.
  private mutating func commonUnit(_ sizes: some Sequence<History.SizeRow>) throws(ProfileError) -> Int64 {
    var unit: Int64 = 0
    for row in sizes {
      guard row.bytes >= 0, row.bytes <= FileLimits.figure else { throw origin.inconsistent("a size is \(row.bytes)") }
      rows.sizeSum += row.bytes
      guard rows.sizeSum <= FileLimits.sizeSum else { throw origin.inconsistent("sizes add up to \(rows.sizeSum)") }
      // Euclid's; mostly the unit divides the size already.
      var rest = row.bytes
      while rest != 0 { (unit, rest) = (rest, unit % rest) }
    }
    return max(unit, 1)
  }

  private mutating func addRun(_ first: Int, _ unit: Int64, _ list: inout NumberListWriter) throws(ProfileError) {
    insertRun.bind(first: rows.runs)
    insertRun.bind(Int64(counts.snapshots - 1))
    insertRun.bind(Int64(first))
    insertRun.bind(unit)
    insertRun.bind(text: list.finish())
    try insertRun.run()
    rows.runs += 1
  }

  /// Referents of the snapshot that was added last, in order of object.
  mutating func add(referents: some Sequence<History.ReferentRow>) throws(ProfileError) {
    var next = 0
    for row in referents {
      guard row.object >= next, row.object < counts.objects else {
        throw origin.inconsistent("referents of object \(row.object) are out of order, or it is unknown")
      }
      insertTree.bind(first: rows.trees)
      insertTree.bind(Int64(row.object))
      insertTree.bind(Int64(counts.snapshots - 1))
      try insertTree.run()
      try add(nodes: row.tree, below: nil, level: 1)
      rows.trees += 1
      next = Int(row.object) + 1
    }
  }

  /// Recursive: at most ``FileLimits/treeLevels`` deep.
  private mutating func add(nodes: [SizeNode], below parent: Int64?, level: Int) throws(ProfileError) {
    for node in nodes {
      let name: Int64 = try texts.id(node.name)
      let type: Int64 = try texts.id(node.typeName)
      let id = rows.referents
      insertReferent.bind(first: id)
      insertReferent.bind(rows.trees)
      insertReferent.bind(parent)
      insertReferent.bind(name)
      insertReferent.bind(type)
      insertReferent.bind(try figure(node.bytes, "a referent's bytes"))
      insertReferent.bind(try figure(node.flatBytes, "a referent's own bytes"))
      try insertReferent.run()
      rows.referents += 1
      if level < FileLimits.treeLevels { try add(nodes: node.children, below: id, level: level + 1) }
    }
  }
}
