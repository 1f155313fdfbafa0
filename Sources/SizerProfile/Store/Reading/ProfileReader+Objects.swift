// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  borrowing func objects(names: Int, traces: Int) throws(ProfileError) -> [History.ObjectRow] {
    let count = try count("objects")
    guard count < Int(UInt32.max), names < Int(UInt32.max), traces < Int(UInt32.max) else {
      throw origin.corrupted("it has too many objects, names or traces")
    }
    var objects: [History.ObjectRow] = []
    objects.reserveCapacity(count)
    let columns = "name,class,current,trace,address,birth,ended,dead"
    try forEach("objects", columns, count: count) { (row, _) throws(ProfileError) in
      let className = UInt32(try index(row, 2, below: names))
      objects.append(
        History.ObjectRow(
          name: UInt32(try index(row, 1, below: names)), className: className,
          currentClass: try optionalIndex(row, 3, below: names).map { UInt32($0) } ?? className,
          trace: try optionalIndex(row, 4, below: traces).map { UInt32($0) } ?? History.ObjectRow.none,
          address: UInt64(bitPattern: try row.integer(5)), birth: try time(row, 6),
          end: row.isNull(7) ? .max : try time(row, 7), isDead: try flag(row, 8)))
    }
    return objects
  }

  borrowing func frames(_ texts: [String]) throws(ProfileError) -> [StackTrace.Frame] {
    let count = try count("frames")
    var frames: [StackTrace.Frame] = []
    frames.reserveCapacity(count)
    let columns = "address,function,file,line,col,inlined,image,image_offset,build_id"
    try forEach("frames", columns, count: count) { (row, _) throws(ProfileError) in
      frames.append(
        StackTrace.Frame(
          address: UInt64(bitPattern: try row.integer(1)),
          function: try optionalIndex(row, 2, below: texts.count).map { texts[$0] },
          file: try optionalIndex(row, 3, below: texts.count).map { texts[$0] },
          line: try figure(row, 4), column: try figure(row, 5), isInlined: try flag(row, 6),
          image: try optionalIndex(row, 7, below: texts.count).map { texts[$0] },
          imageOffset: UInt64(bitPattern: try row.integer(8)),
          buildID: try optionalIndex(row, 9, below: texts.count).map { texts[$0] }))
    }
    return frames
  }

  /// Four bytes a call, which takes two in the file at least; frames are shared.
  mutating func traces(_ frames: [StackTrace.Frame]) throws(ProfileError) -> [StackTrace] {
    let count = try count("traces")
    var calls: [UInt32] = []
    // Where the calls of each trace end.
    var ends: [UInt32] = []
    ends.reserveCapacity(count)
    var budget = budget
    try forEach("traces", "frames", count: count) { (row, id) throws(ProfileError) in
      try budget.withText(row, 1) { (text) throws(ProfileError) in
        guard var list = NumberListReader(text) else { throw origin.corrupted("trace \(id) is no list of frames") }
        while let frame = list.next() {
          guard frame >= 0, frame < frames.count, frame < UInt32.max, calls.count < UInt32.max else {
            throw origin.corrupted("trace \(id) has an unknown frame, or there are too many calls")
          }
          calls.append(UInt32(frame))
        }
        guard list.isComplete else { throw origin.corrupted("trace \(id) is no list of frames") }
        ends.append(UInt32(calls.count))
      }
    }
    self.budget = budget
    let shared = SharedFrames(frames: frames, calls: calls)
    var start = 0
    return ends.map { end in
      defer { start = Int(end) }
      return StackTrace(shared, calls: start..<Int(end))
    }
  }
}
