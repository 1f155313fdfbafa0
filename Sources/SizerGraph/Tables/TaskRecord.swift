// SPDX-License-Identifier: Apache-2.0

/// All tasks of an image that are at the same place, made by the same function.
public struct TaskRecord: Sendable, Hashable {
  /// The function that the tasks are in; empty if unknown.
  public var function: String
  /// The function that made them.
  public var creator: String?
  /// What they do: `running`, `suspended`, `enqueued`, `complete`, `cancelled`, `unknown`.
  public var state: String
  /// Usable bytes of their objects and slabs.
  public var bytes: Int
  /// Those of the slabs alone, which their frames lie in.
  public var slabBytes: Int
  /// The same with all that would be freed with the tasks.
  public var retainedBytes: Int
  /// Where they are, the innermost function first; `?` for a frame without a name.
  public var frames: [String]
  /// How many tasks.
  public var count: Int

  /// A record of these figures.
  public init(
    function: String, creator: String?, state: String, bytes: Int, slabBytes: Int = 0, retainedBytes: Int,
    frames: [String], count: Int
  ) {
    self.function = function
    self.creator = creator
    self.state = state
    self.bytes = bytes
    self.slabBytes = slabBytes
    self.retainedBytes = retainedBytes
    self.frames = frames
    self.count = count
  }
}

extension HeapImage {
  /// The tasks, those at one place folded into one; the largest retainers come first.
  ///
  /// - Parameter dominators: Of this image.
  public func taskRecords(_ dominators: Dominators) -> [TaskRecord] {
    struct Place: Hashable {
      var function: Int?
      var creator: Int?
      var state: HeapTask.State
      var frames: [Int?]
    }
    let raw = rawBytesByOwner()
    var records: [Place: TaskRecord] = [:]
    for task in tasks {
      let place = Place(function: task.function, creator: task.creator, state: task.state, frames: task.frames)
      var record =
        records[place]
        ?? TaskRecord(
          function: task.function.map { labels[$0].text } ?? "", creator: task.creator.map { labels[$0].text },
          state: "\(task.state)", bytes: 0, retainedBytes: 0,
          frames: task.frames.map { frame in frame.map { labels[$0].text } ?? "?" }, count: 0)
      record.count += 1
      record.slabBytes &+= task.slabBytes
      if let object = task.object {
        record.bytes &+= bytes(of: object) &+ raw[object, default: 0]
        record.retainedBytes &+= dominators.retainedBytes(by: object)
      } else {
        record.bytes &+= task.slabBytes
        record.retainedBytes &+= task.slabBytes
      }
      records[place] = record
    }
    return records.values.sorted {
      ($1.retainedBytes, $0.function, $0.creator ?? "", $0.state) < (
        $0.retainedBytes, $1.function, $1.creator ?? "", $1.state
      )
    }
  }
}
