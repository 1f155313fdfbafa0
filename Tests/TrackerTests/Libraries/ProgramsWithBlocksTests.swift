// SPDX-License-Identifier: Apache-2.0
import Foundation
import FoundationNetworking
import Sizer
import Testing

private final class Unrelated { var leaf = Leaf() }
private final class Debounce {
  var pending: DispatchWorkItem?
  var count = 1
}
private final class Outer { var debounce = Debounce() }
private final class Work: Operation, @unchecked Sendable {
  var payload = [UInt8](repeating: 1, count: 10_000)
  override func main() {}
}

/// Whatever else is alive in a process, a snapshot of some class of it does the process no harm.
@Suite("Snapshots of programs that hold blocks")
struct ProgramsWithBlocksTests {
  /// An unrelated object's snapshots, in place and frozen, at each level: 32 bytes of its own, 32 of the leaf.
  private func snapshots(sourceLocation: SourceLocation = #_sourceLocation) throws {
    for level in 0...2 {
      let tracker = ClassTracker()
      let unrelated = made { Unrelated() }
      try tracker.track(unrelated, resolutionLevel: level)
      for mode in [SnapshotMode.inPlace, .frozen, .automatic] {
        let snapshot = try tracker.createSnapshot("a", mode: mode)
        #expect(snapshot.trackedBytes == 64, sourceLocation: sourceLocation)
      }
      keepAlive(unrelated)
    }
  }

  @Test("a work item")
  func workItem() throws {
    let leaf = Leaf()
    let item = DispatchWorkItem { keepAlive(leaf) }
    try snapshots()
    let queue = DispatchQueue(label: "waiting", attributes: .initiallyInactive)
    queue.async(execute: item)
    try snapshots()
    queue.activate()
    item.wait()
    try snapshots()
  }

  @Test("operations that wait")
  func operations() throws {
    let queue = OperationQueue()
    queue.isSuspended = true
    for _ in 0..<10 { queue.addOperation(Work()) }
    queue.addOperation { keepAlive(queue) }
    try snapshots()
    #expect(try HeapSizer().size(of: queue).bytes > 0)
    for mode in [SnapshotMode.inPlace, .frozen] {
      let tracker = ClassTracker()
      try tracker.track(queue, resolutionLevel: 2)
      #expect(try tracker.createSnapshot("a", mode: mode).trackedBytes > 0)
    }
    queue.isSuspended = false
    queue.waitUntilAllOperationsAreFinished()
  }

  @Test("a property that could hold a work item and never did", arguments: 0...2)
  func nothing(level: Int) throws {
    let outer = made { Outer() }
    for mode in [SnapshotMode.inPlace, .frozen] {
      let tracker = ClassTracker()
      try tracker.track(outer, resolutionLevel: level)
      let snapshot = try tracker.createSnapshot("a", mode: mode)
      #expect(snapshot.trackedBytes == 64)
      #expect(snapshot.unresolvedCount == 0)
    }
    #expect(try HeapSizer().tree(of: outer, depth: 2).bytes == 64)
    outer.debounce.pending = DispatchWorkItem { keepAlive(outer) }
    #expect(try HeapSizer().size(of: outer).bytes > 64)
    #expect(try HeapSizer().tree(of: outer, depth: 3).bytes == HeapSizer().size(of: outer).bytes)
    outer.debounce.pending = nil
  }

  @Test("requests that nobody answers")
  func requests() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) + listen(listener, 5) + getsockname(listener, address, &length)
      }
    }
    try #require(status == 0)
    let session = URLSession(configuration: .ephemeral)
    defer { session.invalidateAndCancel() }
    let url = try #require(URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"))
    let tasks = (0..<3).map { _ in session.dataTask(with: url) { _, _, _ in } }
    for task in tasks { task.resume() }
    usleep(300_000)
    try snapshots()
    for level in 0...2 {
      let tracker = ClassTracker()
      try tracker.track(session, resolutionLevel: level)
      #expect(try tracker.createSnapshot("a", mode: .frozen).trackedBytes > 0)
    }
  }
}
