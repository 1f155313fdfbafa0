// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization

/// Asks of Sizer what rests on the compiler and its runtime: Tests/Versions/run builds it with two versions of Swift.
///
/// Prints a line for each promise, `ok` or `WRONG`, and one for each number, which must be the same whichever version
/// built it; exits 1 when a promise is broken. Its argument says where to record.
@main
enum VersionHost {
  static func main() async throws {
    guard CommandLine.arguments.count == 2 else {
      print("VersionHost: one argument, where to record")
      exit(64)
    }
    for (what, size) in try sizes() {
      print("\(what): \(size.bytes) bytes, \(size.objectCount) objects, \(size.unresolvedCount) unresolved")
    }
    let promises =
      capabilities() + (try exclusions()) + (try lives(recordedTo: CommandLine.arguments[1])) + (try await graphs())
    for (isKept, promise) in promises { print(isKept ? "ok: \(promise)" : "WRONG: \(promise)") }
    exit(promises.allSatisfy(\.0) ? 0 : 1)
  }

  private static func capabilities() -> [(Bool, String)] {
    let found = HeapSizer.capabilities
    return [
      (found.allocator.isExact, "sizes are the allocator's"),
      (found.allocationHook.state == .replaced, "every object is seen\(clause(found.allocationHook.reason))"),
      (found.stackCapture.hasLines, "stacks are recorded, with lines\(clause(found.stackCapture.reason))"),
      (found.tasks.isAvailable, "tasks are found\(clause(found.tasks.reason))"),
      (
        found.runtime.allSatisfy { $0.state == .holds },
        "Swift keeps its words where Sizer reads them"
          + clause(found.runtime.filter { $0.state != .holds }.map(\.description).joined(separator: "; "))
      ),
      (found.tracking.isLockFree, "births and deaths take no locks\(clause(found.tracking.reason))"),
      (found.memoryReturn.isAvailable, "memory is given back\(clause(found.memoryReturn.reason))"),
    ]
  }

  private static func clause(_ reason: String) -> String { reason.isEmpty ? "" : ": \(reason)" }

  /// What only the type says to leave out.
  private static func exclusions() throws -> [(Bool, String)] {
    var options = HeapSizer.Options()
    options.excludedTypes = [Leaf.self]
    options.excludedTypeNames = ["VersionHost.Handle"]
    let trunk = Trunk(leaves: 100)
    let whole = try HeapSizer().size(of: trunk)
    let bare = try HeapSizer(options: options).size(of: trunk)
    let leaves = whole.bytes - bare.bytes
    return [(leaves == 100 * Leaf.bytes, "excluded types take \(leaves) bytes with them")]
  }

  private static func lives(recordedTo path: String) throws -> [(Bool, String)] {
    let tracker = ClassTracker()
    try tracker.track(class: Leaf.self, trace: true)
    try tracker.record(to: path)
    let kept = (0..<1_000).map(Leaf.init)
    for number in 0..<500 { dropped = Leaf(number) }
    dropped = nil
    let frozen = try tracker.createSnapshot("frozen", mode: .frozen)
    let counted = try tracker.createSnapshot("counted", mode: .counts)
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: path)
    let right = kept.count * Leaf.bytes
    let calls = file.objects.first?.trace?.frames.map { $0.function ?? "?" } ?? []
    return [
      (frozen.trackedBytes == right, "frozen: \(frozen.trackedBytes) bytes"),
      (counted.classes["VersionHost.Leaf"]?.active == kept.count, "living leaves are counted"),
      (file.snapshots.map(\.trackedBytes).first == right, "the file holds the snapshot"),
      (file.objects.count == kept.count + 500, "the file holds \(file.objects.count) births"),
      (file.objects.filter { $0.death != nil }.count == 500, "the file holds the deaths"),
      (calls.first?.contains("Leaf") == true, "a birth's stack has names: \(calls.first ?? "none")"),
    ]
  }

  private static func graphs() async throws -> [(Bool, String)] {
    store = Trunk(leaves: 300)
    let sleepers = (0..<7).map { _ in Task { await sleep() } }
    while begun.load(ordering: .relaxed) < sleepers.count { await Task.yield() }
    let graph = try HeapGraph.capture(mode: .frozen)
    let path = graph.path(toFirst: "VersionHost.Leaf").map { "\($0)" } ?? "none"
    let made = graph.tasks.filter { $0.creator?.contains("VersionHost.graphs()") == true }
    let tasks = made.reduce(0) { $0 + $1.count }
    let leaves = graph.classes.first { $0.typeName == "VersionHost.Leaf" }?.count
    for sleeper in sleepers { sleeper.cancel() }
    makePairs(20)
    let leaks = try HeapGraph.proveLeaks().filter { $0.typeNames.contains("VersionHost.Pair") && $0.grade == .proved }
    return [
      (leaves == 300, "the image has \(leaves ?? 0) leaves"),
      (path.contains("store") && path.contains(".leaves"), "a path: \(path)"),
      (tasks == sleepers.count, "\(tasks) tasks are found"),
      (leaks.first?.groupCount == 20, "leaks are proved: \(leaks.first?.groupCount ?? 0)"),
    ]
  }

  private static let begun = Atomic(0)

  private static func sleep() async {
    begun.add(1, ordering: .relaxed)
    try? await Task.sleep(for: .seconds(600))
  }

  @inline(never) private static func makePairs(_ count: Int) {
    for _ in 0..<count {
      let (first, second) = (Pair(), Pair())
      first.other = second
      second.onEnd = { [first] in _ = first }
    }
    // A word of a pair that is left on the stack would show it to whoever looks.
    withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { bytes in
      memset(bytes.baseAddress!, 0, bytes.count)
      _ = write(-1, bytes.baseAddress!, bytes.count)  // What nobody sees the compiler leaves out.
    }
  }
}
