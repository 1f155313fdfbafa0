// SPDX-License-Identifier: Apache-2.0
package import SizerGraph

/// What `sizer` and a live socket tell of the heap in one form: `Documents/heap-json.md`.
extension JSONWriter {
  /// The member `leaks`: at most so many groups.
  package mutating func leaks(_ leaks: [LeakGroup], limit: Int) {
    objects("leaks", leaks.prefix(limit)) { json, leak in
      json.texts(["grade": leak.grade.rawValue, "signature": leak.signature, "cycle": leak.cycle.description])
      json.figures(["groups": leak.groupCount, "objects": leak.objectCount, "bytes": leak.bytes])
      json.list("types", leak.typeNames)
      json.list("observers", leak.observers)
      json.objects("births", leak.births.prefix(limit)) { json, birth in
        json.figures(["count": birth.count])
        json.list("frames", birth.frames)
      }
    }
  }

  /// The functions that lead to where a task waits, the innermost first; of an endless recursion both ends.
  package mutating func frames(_ frames: [String]) {
    let ends = 4_096
    guard frames.count > 2 * ends + 1 else { return list("frames", frames) }
    list("frames", frames.prefix(ends) + ["(\(frames.count - 2 * ends) more)"] + frames.suffix(ends))
  }

  /// The members `root` and `steps`: who holds an object.
  ///
  /// - Parameters:
  ///   - leftOut: How many steps in the middle are not there; the member `left` where that is any.
  ///   - cycle: What holds an object that leaked; the member `cycle`.
  package mutating func path(_ path: HeapPath, leftOut: Int = 0, cycle: String? = nil) {
    key("root")
    if let root = path.root { string(root) } else { null() }
    if let cycle {
      key("cycle")
      string(cycle)
    }
    if leftOut > 0 { figures(["left": leftOut]) }
    objects("steps", [path.start] + path.steps) { json, step in
      json.texts(["label": step.label, "type": step.typeName, "address": "0x" + String(step.address, radix: 16)])
      json.figures(["certain": step.isCertain ? 1 : 0])
    }
  }
}
