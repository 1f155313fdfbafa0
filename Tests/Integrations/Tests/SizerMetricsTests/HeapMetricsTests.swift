// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Glibc
import MetricsTestKit
import Sizer
import SizerMetrics
import Synchronization
import Testing

final class Parcel {
  let words: (Int, Int, Int, Int) = (1, 2, 3, 4)
}

/// The allocator's own word. It stands in no module of Glibc's.
let usableSize = unsafeBitCast(
  dlsym(nil, "malloc_usable_size"), to: (@convention(c) (UnsafeMutableRawPointer?) -> Int).self)

/// A hundred thousand of them are larger than all else that this process has.
final class Freight {
  let words: (Int, Int, Int, Int, Int, Int, Int, Int) = (1, 2, 3, 4, 5, 6, 7, 8)
}

final class Knot {
  var other: Knot?
}

/// Cycles that nothing holds.
@inline(never) func leakPairs(_ count: Int) {
  for _ in 0..<count {
    let (first, second) = (Knot(), Knot())
    first.other = second
    second.other = first
  }
}

/// Overwrites what calls left below the stack pointer, which would show the last pair.
@inline(never) func scrub() {
  withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { bytes in
    memset(bytes.baseAddress!, 0, bytes.count)
    _ = write(-1, bytes.baseAddress!, bytes.count)  // the compiler leaves out what nobody sees
  }
}

/// The gauges are of all that lives in the process, so one test at a time.
@Suite("SizerMetrics", .serialized)
struct HeapMetricsTests {
  let factory = TestMetrics()

  func value(_ label: String, _ dimensions: [(String, String)] = []) throws -> Double {
    try #require(try factory.expectGauge(label, dimensions).lastValue)
  }

  func classes(_ label: String) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: factory.recorders.filter { $0.label == label }.map { ($0.dimensions[0].1, $0.lastValue!) })
  }

  @Test func tellsWhatLives() throws {
    let parcels = (0..<12_345).map { _ in Parcel() }
    let metrics = HeapMetrics(classes: 10_000, factory: factory)
    try metrics.update()
    let name = String(reflecting: Parcel.self)
    #expect(try value("sizer_class_objects", [("class", name)]) == 12_345)
    let usable = parcels.reduce(0) {
      $0 + usableSize(Unmanaged.passUnretained($1).toOpaque())
    }
    #expect(try value("sizer_class_bytes", [("class", name)]) == Double(usable))
    #expect(try value("sizer_heap_bytes") == classes("sizer_class_bytes").values.reduce(0, +))
    #expect(try value("sizer_heap_objects") == classes("sizer_class_objects").values.reduce(0, +))
    withExtendedLifetime(metrics) {}
  }

  @Test func tellsTheMemoryByParts() throws {
    let metrics = HeapMetrics(factory: factory)
    try metrics.update()
    let parts = factory.recorders.filter { $0.label == "sizer_memory_bytes" }
    let resident = try value("sizer_resident_bytes")
    #expect(parts.reduce(0) { $0 + $1.lastValue! } == resident)
    #expect(try value("sizer_unattributed_bytes") == value("sizer_memory_bytes", [("part", "rest")]))
    #expect(try abs(resident - residentBytes()) < residentBytes() / 4)
    #expect(try value("sizer_pause_seconds") > 0)
    withExtendedLifetime(metrics) {}
  }

  /// As the kernel says it.
  func residentBytes() throws -> Double {
    let file = try #require(fopen("/proc/self/statm", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    #expect(fgets(&line, 200, file) != nil)
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Double(text.split(separator: " ")[1])! * Double(getpagesize())
  }

  @Test func aClassThatFallsBehindHasNoGauge() throws {
    let name = String(reflecting: Freight.self)
    let metrics = HeapMetrics(classes: 3, factory: factory)
    try withExtendedLifetime((0..<100_000).map { _ in Freight() }) { try metrics.update() }
    #expect(classes("sizer_class_objects")[name] == 100_000)
    #expect(classes("sizer_class_objects").count == 3)
    try metrics.update()
    #expect(classes("sizer_class_objects")[name] == nil)
    #expect(classes("sizer_class_bytes").count == 3)
  }

  @Test func nothingIsLeftOfThem() throws {
    var metrics: HeapMetrics? = HeapMetrics(factory: factory)
    try metrics?.update()
    #expect(!factory.recorders.isEmpty)
    metrics = nil
    #expect(factory.recorders.isEmpty)
  }

  @Test func provesLeaksWhenAsked() throws {
    let metrics = HeapMetrics(leaks: true, factory: factory)
    try metrics.update()
    let before = try value("sizer_leaked_objects")
    leakPairs(1_000)
    scrub()
    try metrics.update()
    // A word that was left somewhere may show a pair.
    let leaked = try value("sizer_leaked_objects") - before
    #expect((1_980...2_000).contains(leaked), "\(leaked)")
    #expect(try value("sizer_leaked_bytes") >= leaked * 32)
    let without = TestMetrics()
    try HeapMetrics(factory: without).update()
    #expect(without.recorders(label: "sizer_leaked_objects").isEmpty)
  }

  @Test func updatesBySchedule() async throws {
    let metrics = HeapMetrics(factory: factory)
    let failures = Mutex(0)
    try metrics.start(every: .milliseconds(20)) { _ in failures.withLock { $0 += 1 } }
    let gauge = { [factory] in factory.recorders(label: "sizer_heap_objects").first }
    while (gauge()?.values.count ?? 0) < 3 { try await Task.sleep(for: .milliseconds(10)) }
    metrics.stop()
    #expect(failures.withLock { $0 } == 0)
  }

  @Test func refusesAnIntervalThatIsNone() throws {
    let metrics = HeapMetrics(factory: factory)
    let error = #expect(throws: SizerError.self) { try metrics.start(every: .zero) }
    #expect(error?.code == .invalidArgument)
  }
}
