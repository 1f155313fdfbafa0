// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import ServiceLifecycle
import Sizer
import SizerService
import Synchronization
import Testing

final class Session {}

/// Keeps sessions, runs until all are to end, and says when it begins and when it has ended.
struct Server: Service {
  let lines: Lines
  func run() async throws {
    let sessions = (0..<321).map { _ in Session() }
    lines.add("server began")
    try? await gracefulShutdown()
    lines.add("server ended with \(sessions.count)")
  }
}

final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

/// Keeps what is logged.
struct KeptLog: LogHandler {
  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
  func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
}

@Suite("SizerService", .serialized)
struct SizerServiceTests {
  let folder =
    "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/sizer-service.\(getpid()).\(Int.random(in: 0...Int.max))"
  let lines = Lines()
  var path: String { "\(folder)/server.sizer" }
  var logger: Logger { Logger(label: "test") { _ in KeptLog(lines: lines) } }

  /// The profile that a group of this service and a server leaves behind; `end` ends it.
  func run(
    _ service: SizerService, until isDone: () -> Bool, ending end: (ServiceGroup, Task<Void, any Error>) async -> Void
  ) async throws {
    let group = ServiceGroup(
      services: [service, Server(lines: lines)],
      logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler()
      })
    let task = Task { try await group.run() }
    while !isDone() { try await Task.sleep(for: .milliseconds(10)) }
    await end(group, task)
    _ = await task.result
  }

  func prepare() { #expect(mkdir(folder, 0o700) == 0) }
  func remove() {
    unlink(path)
    rmdir(folder)
  }

  @Test func recordsUntilTheGroupEnds() async throws {
    prepare()
    defer { remove() }
    let tracker = ClassTracker()
    try tracker.track(class: Session.self)
    let service = SizerService(
      recordingTo: path, every: .milliseconds(30), tags: ["service.name": "orders"], tracker: tracker, logger: logger)
    // One that was begun after the server, at least.
    var before: Int?
    let isDone = {
      let count = tracker.statistics.snapshots.count
      if before == nil, lines.all.contains("server began") { before = count }
      return count >= before.map { $0 + 2 } ?? .max
    }
    try await run(service, until: isDone) { group, _ in await group.triggerGracefulShutdown() }
    let recorded = try Statistics(contentsOf: path)
    #expect(recorded.snapshots.count >= 3)
    #expect(recorded.tags["service.name"] == "orders")
    #expect(recorded.snapshots.last?.label == "shutdown")
    let counts = recorded.snapshots.dropLast().compactMap { snapshot in
      snapshot.heap?.first { $0.typeName == String(reflecting: Session.self) }?.count
    }
    #expect(counts.max() == 321)
    #expect(lines.all.contains("server ended with 321"))
    #expect(lines.all.filter { $0.hasPrefix("info") }.map { $0.prefix(11) } == ["info: recor", "info: recor"])
    #expect(!lines.all.contains { $0.hasPrefix("error") }, "\(lines.all)")
    #expect(access(path + "-wal", F_OK) != 0, "the file is whole")
  }

  @Test func whatIsWrongIsLoggedAndTheGroupRunsOn() async throws {
    let service = SizerService(recordingTo: "/nowhere/server.sizer", logger: logger)
    try await run(service, until: { lines.all.count == 2 }) { group, _ in
      await group.triggerGracefulShutdown()
    }
    #expect(lines.all.count == 3 && lines.all.contains("server began"))
    #expect(lines.all.contains { $0.hasPrefix("error: nothing is recorded: ") }, "\(lines.all)")
    #expect(lines.all.last == "server ended with 321")
  }

  @Test func snapshotsThatFailAreLogged() async throws {
    prepare()
    defer { remove() }
    let service = SizerService(recordingTo: path, every: .milliseconds(20), logger: logger)
    // Somebody removes the file.
    let isDone = {
      if lines.all.contains("info: recording") { unlink(path) }
      return lines.all.contains { $0.hasPrefix("error: a snapshot failed: ") }
    }
    try await run(service, until: isDone) { group, _ in await group.triggerGracefulShutdown() }
    #expect(lines.all.contains { $0.hasPrefix("error: the recording could not be finished: ") }, "\(lines.all)")
    #expect(lines.all.contains("server ended with 321"))
  }

  @Test func aCancelledGroupLeavesAWholeFile() async throws {
    prepare()
    defer { remove() }
    let service = SizerService(recordingTo: path, every: .seconds(3_600), logger: logger)
    try await run(service, until: { lines.all.contains("info: recording") }) { _, task in task.cancel() }
    let recorded = try Statistics(contentsOf: path)
    #expect(recorded.snapshots.map(\.label) == ["shutdown"])
  }
}
