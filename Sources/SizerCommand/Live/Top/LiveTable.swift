// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// What a process answered to `GET /classes`: its heap by type, at one moment.
package struct LiveTable: Sendable, Hashable {
  /// The objects of one type, with what they own.
  package struct Class: Sendable, Hashable {
    package var type: String
    package var count: Int
    package var bytes: Int
    package var requestedBytes: Int
    package var unusedCapacityBytes: Int

    package init(type: String, count: Int, bytes: Int, requestedBytes: Int = 0, unusedCapacityBytes: Int = 0) {
      (self.type, self.count, self.bytes) = (type, count, bytes)
      (self.requestedBytes, self.unusedCapacityBytes) = (requestedBytes, unusedCapacityBytes)
    }
  }

  /// The types that the list has no row for.
  package struct Others: Sendable, Hashable {
    package var types = 0
    package var count = 0
    package var bytes = 0
  }

  package var program = ""
  package var process = 0
  /// When it was taken, in seconds since 1970 by the process's own clock.
  package var time = 0.0
  package var pauseMicroseconds = 0
  package var objects = 0
  package var bytes = 0
  package var resident = 0
  /// Each type once, whatever the answer had.
  package var classes: [Class] = []
  package var others = Others()
  package var ladder: [MemoryLadder.Rung] = []

  package init() {}

  /// Of an answer; nil when it is none to this question.
  package init?(_ answer: JSONValue) {
    guard let rows = answer["classes"]?.values, let time = answer["secondsSince1970"]?.real,
      answer["process"]?.real != nil
    else { return nil }
    program = answer["program"]?.text ?? ""
    process = answer.figure("process")
    // No clock says more; and what is none must not be more than a duration can hold.
    self.time = min(max(time, 0), 1e11)
    pauseMicroseconds = answer.figure("pauseMicroseconds")
    objects = answer.figure("objects")
    bytes = answer.figure("bytes")
    resident = answer.figure("resident")
    guard let classes = Self.merged(rows) else { return nil }
    self.classes = classes
    if let rest = answer["others"] {
      others = Others(types: rest.figure("types"), count: rest.figure("count"), bytes: rest.figure("bytes"))
    }
    for rung in answer["ladder"]?.values ?? [] {
      ladder.append(.init(name: rung["name"]?.text ?? "", bytes: rung.figure("bytes")))
    }
  }

  /// Whether a type that is not in the list has no objects.
  var isComplete: Bool { others.types == 0 }

  /// Types of one name, which two modules may have, are one row.
  private static func merged(_ rows: [JSONValue]) -> [Class]? {
    var places: [ExactText: Int] = [:]
    var classes: [Class] = []
    for row in rows {
      guard let type = row["type"]?.text else { return nil }
      let one = Class(
        type: type, count: row.figure("count"), bytes: row.figure("bytes"),
        requestedBytes: row.figure("requestedBytes"), unusedCapacityBytes: row.figure("unusedCapacityBytes"))
      let place = places[ExactText(type), default: classes.count]
      if place == classes.count {
        places[ExactText(type)] = place
        classes.append(one)
      } else {
        classes[place].count &+= one.count
        classes[place].bytes &+= one.bytes
        classes[place].requestedBytes &+= one.requestedBytes
        classes[place].unusedCapacityBytes &+= one.unusedCapacityBytes
      }
    }
    return classes
  }
}

/// Tasks that one function made and that wait in one place, of an answer to `GET /tasks`.
package struct LiveTask: Sendable, Hashable {
  /// nil when nothing says which function made them.
  package var creator: String?
  package var state = ""
  package var count = 0
  package var bytes = 0
  package var retainedBytes = 0
  /// Where they wait, innermost first.
  package var frames: [String] = []

  package init() {}

  /// All of an answer; nil when it is none to this question.
  package static func list(_ answer: JSONValue) -> [LiveTask]? {
    answer["tasks"]?.values?.map { row in
      var task = LiveTask()
      task.creator = row["creator"]?.text
      task.state = row["state"]?.text ?? ""
      (task.count, task.bytes) = (row.figure("count"), row.figure("bytes"))
      task.retainedBytes = row.figure("retainedBytes")
      task.frames = row["frames"]?.values?.compactMap(\.text) ?? []
      return task
    }
  }
}

/// What would be freed with the objects of each type, of an answer to `GET /retained`.
package struct RetainedSizes: Sendable, Hashable {
  private var bytes: [ExactText: Int] = [:]

  package init() {}

  /// nil when it is no answer to this question.
  package init?(_ answer: JSONValue) {
    guard let rows = answer["classes"]?.values else { return nil }
    for row in rows {
      guard let type = row["type"]?.text else { return nil }
      // What two types of one name retain may be the same objects: the larger is what is certain.
      bytes[ExactText(type)] = max(bytes[ExactText(type)] ?? 0, row.figure("retainedBytes"))
    }
  }

  package subscript(_ type: String) -> Int? { bytes[ExactText(type)] }
}

extension JSONValue {
  /// A member that is a number of things; 0 when it is not there. What no process can have is taken for less, so that
  /// figures can be added up.
  fileprivate func figure(_ name: StaticString) -> Int {
    let most = 9_007_199_254_740_991.0
    return self[name]?.real.map { Int(min(max($0, -most), most)) } ?? 0
  }
}
