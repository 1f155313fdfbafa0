// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer

/// What a server does with Sizer, in a few lines: Tests/Slim/run starts it where nothing is installed.
///
/// Prints a line for each promise, `ok` or `WRONG`, and exits 1 when one is broken. SLIM_PROFILE says where to record:
/// Swift reads a program's arguments from /proc, which may be missing.
@main
enum SlimHost {
  static func main() throws {
    guard let path = getenv("SLIM_PROFILE").map({ String(cString: $0) }) else {
      print("SlimHost: SLIM_PROFILE must say where to record")
      exit(64)
    }
    let hasProc = access("/proc/self/stat", R_OK) == 0
    let promises = promisesEverywhere() + (try hasProc ? promisesOfSnapshots(path) : promisesWithoutProc())
    for (isKept, promise) in promises { print(isKept ? "ok: \(promise)" : "WRONG: \(promise)") }
    exit(promises.allSatisfy(\.0) ? 0 : 1)
  }

  private static func promisesEverywhere() -> [(Bool, String)] {
    let refusal = message { try ClassTracker().track(class: Visitor.self, trace: true) }
    return [
      (refusal.contains("apt-get install libunwind8"), "traces say what they lack: \(refusal)"),
      (HeapSizer.capabilities.allocator.isExact, "the allocator is jemalloc"),
      (HeapSizer.capabilities.allocationHook.state == .replaced, "every object is seen"),
    ]
  }

  private static func promisesOfSnapshots(_ path: String) throws -> [(Bool, String)] {
    let tracker = ClassTracker()
    try tracker.track(class: Visitor.self)
    try tracker.record(to: path)
    let visitors = (0..<1_000).map(Visitor.init)
    let frozen = try tracker.createSnapshot("frozen", mode: .frozen)
    let inPlace = try tracker.createSnapshot("in place", mode: .inPlace)
    try tracker.stopRecording()
    let kept = try Statistics(contentsOf: path)
    let right = visitors.count * Visitor.bytes
    return [
      (frozen.trackedBytes == right, "frozen: \(frozen.trackedBytes) bytes"),
      (inPlace.trackedBytes == right, "in place: \(inPlace.trackedBytes) bytes"),
      (kept.snapshots.map(\.trackedBytes) == [right, right], "the file holds both snapshots"),
      (kept.objects.count == visitors.count, "the file holds all visitors"),
    ]
  }

  private static func promisesWithoutProc() throws -> [(Bool, String)] {
    let size = try HeapSizer().size(of: Visitor(1))
    let refusal = message { try ClassTracker().createSnapshot() }
    return [
      (size.bytes == Visitor.bytes, "a value is sized: \(size.bytes) bytes"),
      (refusal.contains("mount /proc"), "a snapshot says what it lacks: \(refusal)"),
    ]
  }

  private static func message<Result>(_ body: () throws -> Result) -> String {
    do {
      _ = try body()
      return "it works"
    } catch {
      return "\(error)"
    }
  }
}

final class Visitor {
  /// A visitor's header, number and text are 40 bytes; a text's header, capacity, count, 40 units and their end 73.
  /// jemalloc has blocks of 48 and of 80.
  static let bytes = 48 + 80

  let number: Int
  let text: String

  init(_ number: Int) {
    self.number = number
    text = String(repeating: "v", count: 40)
  }
}
