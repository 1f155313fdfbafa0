// SPDX-License-Identifier: Apache-2.0

/// The table `frames` while it is written: traces share most of their calls.
struct FrameTable: ~Copyable {
  /// Remembered frames, at most; one that was forgotten is written again.
  private static let capacity = 1 << 16

  private var ids: [StackTrace.Frame: Int64] = [:]
  private var count: Int64 = 0
  private var committed: Int64 = 0
  private var insert: Statement

  init(_ connection: borrowing Connection) throws(ProfileError) {
    insert = try connection.prepare("INSERT INTO frames VALUES(?,?,?,?,?,?,?,?,?,?)")
  }

  /// The frame's id; writes it when it is new.
  mutating func id(_ frame: StackTrace.Frame, texts: inout TextTable) throws(ProfileError) -> Int64 {
    if let id = ids[frame] { return id }
    let function = try texts.id(frame.function)
    let file = try texts.id(frame.file)
    let image = try texts.id(frame.image)
    let buildID = try texts.id(frame.buildID)
    insert.bind(first: count)
    insert.bind(Int64(bitPattern: frame.address))
    insert.bind(function)
    insert.bind(file)
    insert.bind(Int64(frame.line))
    insert.bind(Int64(frame.column))
    insert.bind(frame.isInlined ? 1 : 0)
    insert.bind(image)
    insert.bind(Int64(bitPattern: frame.imageOffset))
    insert.bind(buildID)
    try insert.run()
    if ids.count >= Self.capacity { ids.removeAll(keepingCapacity: true) }
    ids[frame] = count
    defer { count += 1 }
    return count
  }

  mutating func commit() { committed = count }

  mutating func rollback() {
    guard count > committed else { return }
    count = committed
    ids = ids.filter { $0.value < committed }
  }

  /// The table was emptied: ids begin anew. Undone by a rollback only in the file, so that nothing may be written after one.
  mutating func restart() {
    ids = [:]
    count = 0
  }
}
