// SPDX-License-Identifier: Apache-2.0

internal import SizerExports
internal import SizerGraph
internal import SizerProfile

/// What the page's script reads of the heap, as JSON. Texts are indices, steps of a way are [label, type, 1 if it is
/// sure, …], with 2 and no label where some are left out.
///
///     snapshot, images, objects, edges, bytes, proof (1: two images agree), sentence, failure if there is one
///     types       [{name, count, bytes, slack, unused, retained (-1: not known), root, path (steps)}]
///     otherTypes  [types, objects, bytes]: of those that have no row
///     tree        [parent (-1: none), type, objects, bytes, retained, 1 if leaked, …]: parents come first
///     treeRest    [objects, bytes]: what is in no node
///     leaks       [{grade, signature, groups, objects, bytes, start, cycle (steps), steps (how many in all),
///                 observers, births ([node, objects, calls before the site, …]), address}]
///     tasks       [{function, creator, state, count, bytes, retained, frames}]
///     noTasks     why tasks are not known, if they are not
///     waste       [{kind, type, holder, count, wasted, bytes, excess}]
///     growth      [{path, type, objects (by image), retained}]
///     more        [leaks, tasks, waste, growth]: how many have no row
struct HeapPageData {
  private let heap: HeapFindings
  private let history: History
  private let limits: PageLimits

  init(_ heap: HeapFindings, _ history: History, _ limits: PageLimits) {
    self.heap = heap
    self.history = history
    self.limits = limits
  }

  /// Writes the member `heap`.
  func write(_ json: inout JSONWriter, _ texts: inout StringTable, _ calls: inout CallTree) {
    json.key("heap")
    json.beginObject()
    json.figures([
      "snapshot": heap.snapshot, "images": heap.imageCount, "objects": heap.objectCount, "edges": heap.edgeCount,
      "bytes": clamped(heap.bytes), "proof": heap.hasProof ? 1 : 0,
    ])
    json.texts(["sentence": heap.sentence])
    if let failure = heap.failure { json.texts(["failure": failure]) }
    if !heap.tasksReason.isEmpty { json.texts(["noTasks": heap.tasksReason]) }
    writeTypes(&json, &texts)
    writeTree(&json, &texts)
    writeLeaks(&json, &texts, &calls)
    writeTasks(&json, &texts)
    writeWaste(&json, &texts)
    writeGrowth(&json, &texts)
    json.key("more")
    json.integers(
      [heap.leaks.count, heap.tasks.count, heap.waste.count, heap.growth.count].map { max(0, $0 - limits.heapRows) })
    json.endObject()
  }

  private func writeTypes(_ json: inout JSONWriter, _ texts: inout StringTable) {
    // Who retains much has a row, too.
    let rows = heap.classes.map { ($0, max($0.totalBytes, $0.retainedBytes ?? 0)) }
      .sorted { ($1.1, $0.0.typeName) < ($0.1, $1.0.typeName) }.map(\.0)
    json.objects("types", rows.prefix(limits.heapTypes)) { json, row in
      json.figures([
        "name": texts.intern(row.typeName), "count": row.count, "bytes": clamped(row.totalBytes),
        "slack": clamped(row.slackBytes), "unused": clamped(row.unusedCapacityBytes),
        "retained": row.retainedBytes.map { clamped($0) } ?? -1,
      ])
      if let (path, leftOut) = heap.path(toClass: row.typeName, ends: limits.heapSteps) {
        json.figures(["root": texts.intern(path.root ?? "")])
        json.key("path")
        json.integers(steps([path.start] + path.steps, leftOut: leftOut, &texts))
      }
    }
    let rest = rows.dropFirst(limits.heapTypes)
    json.key("otherTypes")
    json.integers([rest.count, rest.reduce(0) { $0 &+ $1.count }, clamped(rest.reduce(0) { $0 &+ $1.totalBytes })])
  }

  /// The first and the last steps of a way that is too long; between them one that says so.
  ///
  /// - Parameter leftOut: How many steps in the middle are not even here.
  private func steps(_ steps: [HeapPath.Step], leftOut: Int = 0, _ texts: inout StringTable) -> [Int] {
    func numbers(_ steps: some Sequence<HeapPath.Step>) -> [Int] {
      steps.flatMap { step in
        // What a function has captured alone is held by the function, which has a name.
        let closure = step.function.map { " (\($0)) -> capture 1" } ?? ""
        return [texts.intern(step.label + closure), texts.intern(step.typeName), step.isCertain ? 1 : 0]
      }
    }
    guard steps.count > limits.heapSteps else { return numbers(steps) }
    let (first, last) = (limits.heapSteps / 3, limits.heapSteps - limits.heapSteps / 3 - 1)
    let count = steps.count - first - last + leftOut
    let between = texts.intern("(\(Sentences.counted(count, "step", "steps")) left out)")
    return numbers(steps.prefix(first)) + [StringTable.unknown, between, 2] + numbers(steps.suffix(last))
  }

  private func writeTree(_ json: inout JSONWriter, _ texts: inout StringTable) {
    guard let tree = heap.tree(limit: limits.heapNodes) else { return }
    json.key("tree")
    json.integers(
      tree.nodes.flatMap { node in
        [
          node.parent ?? -1, texts.intern(node.typeName), node.objects.count, clamped(node.bytes),
          clamped(node.retained), node.isLeaked ? 1 : 0,
        ]
      })
    json.key("treeRest")
    json.integers([tree.leftOut.objects, clamped(tree.leftOut.bytes)])
  }

  private func writeLeaks(_ json: inout JSONWriter, _ texts: inout StringTable, _ calls: inout CallTree) {
    let traces = birthTraces()
    json.objects("leaks", heap.leaks.prefix(limits.heapRows)) { json, leak in
      json.texts(["grade": leak.grade.rawValue, "signature": leak.signature])
      json.figures([
        "groups": leak.groupCount, "objects": leak.objectCount, "bytes": clamped(leak.bytes),
        "start": texts.intern(leak.cycle.start.typeName), "steps": leak.cycle.steps.count,
      ])
      json.key("cycle")
      json.integers(steps(leak.cycle.steps, &texts))
      json.key("observers")
      json.integers(leak.observers.prefix(limits.heapSteps).map { texts.intern($0) })
      json.key("births")
      json.integers(
        births(of: leak, traces).flatMap { trace, count in
          [calls.node(of: trace, in: history, &texts) ?? -2, count, history.traces[Int(trace)].siteDepth]
        })
      json.texts(["address": leak.addresses.first.map { "0x" + String($0, radix: 16) } ?? ""])
    }
  }

  /// The traces of tracked objects that lived at the image's snapshot and live still, by address: an object that was
  /// born before and has not died is the one that the image has there.
  private func birthTraces() -> [UInt64: UInt32] {
    guard !heap.leaks.isEmpty else { return [:] }
    let time = nanoseconds(history.snapshots[heap.snapshot].timestamp)
    var traces: [UInt64: UInt32] = [:]
    for row in history.objects where row.address != 0 && row.birth <= time && !CallTree.isEmpty(row.trace, in: history)
    {
      traces[row.address] = row.trace
    }
    return traces
  }

  private func births(of leak: LeakGroup, _ traces: [UInt64: UInt32]) -> [(trace: UInt32, count: Int)] {
    var counts: [UInt32: Int] = [:]
    for address in leak.addresses { if let trace = traces[UInt64(address)] { counts[trace, default: 0] += 1 } }
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.prefix(limits.heapSteps).map { ($0.key, $0.value) }
  }

  private func writeTasks(_ json: inout JSONWriter, _ texts: inout StringTable) {
    json.objects("tasks", heap.tasks.prefix(limits.heapRows)) { json, task in
      json.figures([
        "function": texts.intern(task.function), "creator": texts.intern(task.creator ?? ""), "count": task.count,
        "bytes": clamped(task.bytes), "retained": clamped(task.retainedBytes),
      ])
      json.texts(["state": task.state])
      json.key("frames")
      json.integers(task.frames.prefix(limits.framesPerTrace).map { texts.intern($0) })
    }
  }

  private func writeWaste(_ json: inout JSONWriter, _ texts: inout StringTable) {
    json.objects("waste", heap.waste.prefix(limits.heapRows)) { json, record in
      json.texts(["kind": record.kind.rawValue])
      json.figures([
        "type": texts.intern(record.typeName), "holder": texts.intern(record.holder), "count": record.count,
        "wasted": clamped(record.wastedBytes), "bytes": clamped(record.totalBytes),
        "excess": clamped(record.excessBytes),
      ])
    }
  }

  private func writeGrowth(_ json: inout JSONWriter, _ texts: inout StringTable) {
    json.objects("growth", heap.growth.prefix(limits.heapRows)) { json, record in
      json.figures([
        "path": texts.intern(record.path), "type": texts.intern(record.typeName),
        "retained": clamped(record.retainedBytes),
      ])
      json.key("objects")
      json.integers(record.objectCounts)
    }
  }
}
