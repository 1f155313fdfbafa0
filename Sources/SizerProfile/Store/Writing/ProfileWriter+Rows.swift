// SPDX-License-Identifier: Apache-2.0
import SizerGraph

extension ProfileWriter {
  /// What tells the process from others, in a profile that has none of that yet.
  func add(tags: [String: String]) throws(ProfileError) {
    if let breach = ProfileTags.breach(tags) { throw origin.inconsistent(breach) }
    guard !tags.isEmpty else { return }
    var insert = try connection.prepare("INSERT INTO tags VALUES(?,?)")
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
      insert.bindFirst(key)
      insert.bind(value)
      try insert.run()
    }
  }

  mutating func add(names: [String]) throws(ProfileError) {
    for name in names {
      insertName.bind(first: Int64(counts.names))
      insertName.bind(name)
      try insertName.run()
      counts.names += 1
    }
  }

  /// Objects whose names and traces are there already.
  mutating func add(objects: [History.ObjectRow]) throws(ProfileError) {
    for row in objects {
      if let wrong = row.firstBreach(names: counts.names, traces: counts.traces) {
        throw origin.inconsistent("object \(counts.objects) \(wrong)")
      }
      insertObject.bind(first: Int64(counts.objects))
      insertObject.bind(Int64(row.name))
      insertObject.bind(Int64(row.className))
      insertObject.bind(row.currentClass == row.className ? nil : Int64(row.currentClass))
      insertObject.bind(row.trace == History.ObjectRow.none ? nil : Int64(row.trace))
      insertObject.bind(Int64(bitPattern: row.address))
      insertObject.bind(try time(row.birth, "a birth"))
      insertObject.bind(row.end == .max ? nil : try time(row.end, "an end"))
      insertObject.bind(row.isDead ? 1 : 0)
      try insertObject.run()
      counts.objects += 1
    }
  }

  mutating func update(ends: [History.Delta.End]) throws(ProfileError) {
    for end in ends {
      updateEnd.bind(first: end.time == .max ? nil : try time(end.time, "an end"))
      updateEnd.bind(end.isDead ? 1 : 0)
      updateEnd.bind(Int64(end.object))
      try updateEnd.run()
    }
  }

  mutating func update(classes: [History.Delta.ClassChange]) throws(ProfileError) {
    for change in classes {
      updateClass.bind(first: Int64(change.currentClass))
      updateClass.bind(Int64(change.object))
      try updateClass.run()
    }
  }

  /// A snapshot without its sizes.
  mutating func add(snapshot: Snapshot) throws(ProfileError) {
    insertSnapshot.bind(first: Int64(counts.snapshots))
    insertSnapshot.bind(snapshot.label)
    insertSnapshot.bind(snapshot.mode.rawValue)
    insertSnapshot.bind(snapshot.error)
    insertSnapshot.bind(try time(snapshot.timestamp.nanoseconds, "a snapshot's time"))
    insertSnapshot.bind(try time(snapshot.pause.nanoseconds, "a snapshot's pause"))
    for figure in SnapshotFigure.all {
      insertSnapshot.bind(try self.figure(snapshot[keyPath: figure.path], figure.column))
    }
    for figure in LadderFigure.all { insertSnapshot.bind(snapshot.ladder.flatMap(figure.get).map { Int64($0) }) }
    for figure in OptionalFigure.all {
      let value = snapshot[keyPath: figure.path]
      insertSnapshot.bind(
        try value.map { (value) throws(ProfileError) in try self.figure(value, figure.column) })
    }
    try insertSnapshot.run()
    // In order of name, so that equal profiles are equal files.
    for (name, record) in snapshot.classes.sorted(by: { $0.key < $1.key }) {
      guard (0...1).contains(record.share) else { throw origin.inconsistent("a class's share is \(record.share)") }
      let text: Int64 = try texts.id(name)
      insertClass.bind(first: rows.classes)
      insertClass.bind(Int64(counts.snapshots))
      insertClass.bind(text)
      insertClass.bind(try figure(record.active, "a class's count"))
      insertClass.bind(try figure(record.bytes, "a class's bytes"))
      insertClass.bind(record.share)
      for path in SlabFigure.all {
        insertClass.bind(
          try record.slabs.map { (slabs) throws(ProfileError) in
            try figure(slabs[keyPath: path], "a class's slabs")
          })
      }
      try insertClass.run()
      rows.classes += 1
    }
    try add(heap: snapshot.heap ?? [])
    counts.snapshots += 1
  }

  /// In the order that they have: the reader gives them back so.
  private mutating func add(heap: [TypeRecord]) throws(ProfileError) {
    for record in heap {
      let text: Int64 = try texts.id(record.typeName)
      insertLivingClass.bind(first: rows.livingClasses)
      insertLivingClass.bind(Int64(counts.snapshots))
      insertLivingClass.bind(text)
      for path in LivingClassFigure.all {
        insertLivingClass.bind(try figure(record[keyPath: path], "a class of the heap"))
      }
      try insertLivingClass.run()
      rows.livingClasses += 1
    }
  }

  mutating func add(traces: [StackTrace]) throws(ProfileError) {
    for trace in traces {
      var list = NumberListWriter()
      for index in 0..<trace.frameCount { list.append(try frames.id(of: trace, at: index, texts: &texts)) }
      insertTrace.bind(first: Int64(counts.traces))
      insertTrace.bind(text: list.finish())
      try insertTrace.run()
      counts.traces += 1
    }
  }

  /// Puts these in place of all traces that are there.
  mutating func replace(traces: [StackTrace]) throws(ProfileError) {
    guard traces.count == counts.traces else {
      throw origin.inconsistent("\(counted(traces.count, "trace is", "traces are")) to replace \(counts.traces)")
    }
    try connection.execute("DELETE FROM traces; DELETE FROM frames")
    counts.traces = 0
    frames.restart()
    try add(traces: traces)
  }

  // MARK: What the reader will insist on

  func figure(_ value: Int, _ what: String) throws(ProfileError) -> Int64 {
    guard value >= 0, value <= FileLimits.figure else { throw origin.inconsistent("\(what) is \(value)") }
    return Int64(value)
  }

  func time(_ value: Int64, _ what: String) throws(ProfileError) -> Int64 {
    guard value >= 0, value <= FileLimits.time else { throw origin.inconsistent("\(what) is \(value) ns") }
    return value
  }
}
