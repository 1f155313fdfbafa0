// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

private final class HeapPage {
  var next: HeapPage?
  var room = [UInt8](repeating: 1, count: number(1_000))
}

private final class TracedPage {
  var next: TracedPage?
}

// One at a time: an image also has the births that another test's tracker knows.
@Suite("Heap images in a recording", .serialized)
struct RecordedHeapTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("p") }

  init() throws { folder = try TemporaryFolder() }

  /// A ring of pages, which nothing holds.
  private func leak(_ count: Int) {
    let pages = (0..<count).map { _ in HeapPage() }
    for (page, next) in zip(pages, pages.dropFirst() + pages.prefix(1)) { page.next = next }
  }

  private func leakAlone() {
    let page = TracedPage()
    page.next = page
  }

  @Test("an image is in the file with its snapshot when recordHeap returns, and SQL knows its classes")
  func images() throws {
    let tracker = ClassTracker()
    try tracker.record(to: path)
    try tracker.createSnapshot("without")
    let pages = (0..<50).map { _ in HeapPage() }
    leak(number(3))
    let first = try tracker.recordHeap("first")
    // The recording goes on: a reader sees what is there.
    #expect(try HeapGraph(contentsOf: path).image == first.image)
    leak(number(3))
    let second = try tracker.recordHeap("second")
    try tracker.stopRecording()
    let read = try Statistics(contentsOf: path)
    #expect(read.snapshots.map(\.label) == ["without", "first", "second"])
    #expect(read.heapSnapshots == [1, 2])
    #expect(try HeapGraph(contentsOf: path).image == second.image)
    #expect(try HeapGraph(contentsOf: path, snapshot: 1).image == first.image)
    let name = try #require(first.classes.first { $0.typeName.hasSuffix(".HeapPage") }).typeName
    var rows = try ProfileQuery(
      path: path, sql: "SELECT image, count, bytes FROM heap_classes WHERE type='\(name)' ORDER BY image")
    for (number, graph) in [first, second].enumerated() {
      let record = try #require(graph.classes.first { $0.typeName == name })
      #expect(record.count == 53 + 3 * number)
      #expect(
        try rows.next() == [.integer(Int64(number)), .integer(Int64(record.count)), .integer(Int64(record.bytes))])
    }
    keepAlive(pages)
  }

  @Test("where leaked objects of classes tracked with traces were born is in the image")
  func births() throws {
    let tracker = ClassTracker()
    try tracker.record(to: path)
    try tracker.track(class: TracedPage.self, trace: true)
    for _ in 0..<number(3) { leakAlone() }
    try tracker.recordHeap()
    try tracker.stopRecording()
    let groups = try HeapGraph(contentsOf: path).image.leaks()
    let group = try #require(groups.first { $0.typeNames.contains { $0.hasSuffix(".TracedPage") } })
    #expect(group.births.reduce(0) { $0 + $1.count } == 3)
    #expect(group.births.allSatisfy { $0.frames.contains { $0.contains("RecordedHeapTests.leakAlone()") } })
  }

  @Test("images come at every interval until they are stopped, and each is in the file")
  func periodicImages() throws {
    let tracker = ClassTracker()
    try tracker.record(to: path)
    try tracker.startPeriodicHeaps(every: .milliseconds(20))
    // One that is under way when the recording ends is not in it. The third begins after ten times what the first two
    // take, which is some ten seconds each on an emulated processor.
    #expect(try eventually(within: .seconds(900)) { try Statistics(contentsOf: path).heapSnapshots.count >= 3 })
    tracker.stopPeriodicHeaps()
    try tracker.stopRecording()
    let read = try Statistics(contentsOf: path)
    #expect(read.heapSnapshots.starts(with: 0..<3))
    for (number, snapshot) in read.snapshots.prefix(3).enumerated() {
      #expect(snapshot.label.hasPrefix("heap \(number + 1), ") && snapshot.error == nil)
    }
  }

  @Test("without a recording, or closed, there is none; nor is a graph made of counts")
  func refusals() throws {
    let tracker = ClassTracker()
    expectError(.notWritten) { try tracker.recordHeap() }
    #expect(tracker.statistics.snapshots.isEmpty)
    try tracker.record(to: path)
    let error = #expect(throws: SizerError.self) { try tracker.recordHeap(mode: .counts) }
    #expect(error?.code == .invalidArgument)
    #expect(tracker.statistics.snapshots.isEmpty)
    try tracker.stopRecording()
    expectError(.notWritten) { try tracker.recordHeap() }
    tracker.close()
    expectError(.closed) { try tracker.recordHeap() }
  }

  @Test("of a profile without images, or of another snapshot, none is read")
  func missing() throws {
    let tracker = ClassTracker()
    try tracker.record(to: path)
    try tracker.createSnapshot("without")
    try tracker.stopRecording()
    let error = #expect(throws: ProfileError.self) { try HeapGraph(contentsOf: path) }
    #expect(error?.code == .notFound && error?.message.contains("recordHeap") == true)
    #expect(#expect(throws: ProfileError.self) { try HeapGraph(contentsOf: path, snapshot: 0) }?.code == .notFound)
  }
}
