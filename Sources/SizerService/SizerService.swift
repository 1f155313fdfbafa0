// SPDX-License-Identifier: Apache-2.0
#if Service
  import Dispatch
  public import Logging
  public import ServiceLifecycle
  public import Sizer

  /// Records the process into a file while its services run: a snapshot at every interval, and a last one at the
  /// graceful shutdown, after which the file is whole.
  ///
  ///     let group = ServiceGroup(
  ///       services: [SizerService(recordingTo: "/profiles/server.sizer"), server],
  ///       gracefulShutdownSignals: [.sigterm], logger: logger)
  ///
  /// A profiler is not worth a service: whatever goes wrong is logged, and the group runs on. Services are shut down in
  /// the reverse of their order, so one that comes first in the group records the others' ends, too.
  ///
  /// Snapshots are taken on a thread of the tracker's own. What blocks at the start and at the end runs on threads of
  /// Dispatch's, never on one of Swift's executors.
  public struct SizerService: Service {
    private let tracker: ClassTracker
    private let path: String
    private let interval: Duration
    private let heap: SnapshotHeap
    private let tags: [String: String]
    private let logger: Logger

    /// A service that records nothing before it runs.
    ///
    /// - Parameters:
    ///   - path: the file, which must not be there yet.
    ///   - interval: from one snapshot to the next.
    ///   - heap: what snapshots tell of the heap beside the tracked classes: by default all that lives, by class, as
    ///     `ClassTracker.startPeriodicSnapshots(every:heap:)` has it.
    ///   - tags: whose the profile is, besides what is found: `ClassTracker.record(to:tags:)`.
    ///   - tracker: tracks the classes that interest; with none only the heap is recorded. It stays yours, and must not
    ///     record already.
    ///   - logger: gets one line, of level `error`, for each thing that went wrong, and `info` at the start and the
    ///     end.
    public init(
      recordingTo path: String, every interval: Duration = .seconds(60), heap: SnapshotHeap = .classes,
      tags: [String: String] = [:], tracker: ClassTracker = ClassTracker(), logger: Logger = Logger(label: "sizer")
    ) {
      (self.path, self.interval, self.heap, self.tags) = (path, interval, heap, tags)
      self.tracker = tracker
      self.logger = logger
    }

    /// Records until the group shuts down or the task is cancelled. Never throws, and never returns before: a service
    /// that returns ends its group.
    public func run() async {
      let isRecording = await Self.aside { begin() }
      try? await gracefulShutdown()
      if isRecording { await Self.aside { end() } }
    }

    private func begin() -> Bool {
      do {
        try tracker.record(to: path, tags: tags)
      } catch {
        log("nothing is recorded", error)
        return false
      }
      do {
        try tracker.startPeriodicSnapshots(every: interval, heap: heap) { error in log("a snapshot failed", error) }
      } catch {
        log("no snapshots are taken before the end", error)
      }
      logger.info("recording", metadata: ["path": "\(path)", "interval": "\(interval)"])
      return true
    }

    private func end() {
      tracker.stopPeriodicSnapshots()
      do {
        try tracker.createSnapshot("shutdown", heap: heap)
      } catch {
        log("the last snapshot failed", error)
      }
      do {
        try tracker.stopRecording()
        logger.info("recorded", metadata: ["path": "\(path)"])
      } catch {
        log("the recording could not be finished", error)
      }
    }

    private func log(_ what: String, _ error: any Error) {
      logger.error("\(what): \(error)", metadata: ["path": "\(path)"])
    }

    /// Runs what blocks, on no thread of an executor's.
    private static func aside<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
      await withCheckedContinuation { continuation in
        DispatchQueue.global(qos: .utility).async { continuation.resume(returning: body()) }
      }
    }
  }
#else
  /// Not here without the package trait `Service`.
  @available(
    *, unavailable,
    message: "add the trait where the package is named: .package(url: …, from: …, traits: [.defaults, \"Service\"])"
  )
  public struct SizerService {}
#endif
