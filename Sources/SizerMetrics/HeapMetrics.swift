// SPDX-License-Identifier: Apache-2.0
#if Metrics
  public import CoreMetrics
  public import Sizer
  import Synchronization

  /// Tells swift-metrics what lives in this process, as gauges.
  ///
  /// | gauge | unit and meaning |
  /// |---|---|
  /// | `sizer_heap_objects`, `sizer_heap_bytes` | Swift objects that live; usable bytes with their raw blocks |
  /// | `sizer_class_objects`, `sizer_class_bytes` | the same of the largest classes; dimension `class` |
  /// | `sizer_resident_bytes`, `sizer_memory_bytes` | the memory that is present, and its parts; dimension `part` |
  /// | `sizer_unattributed_bytes` | the part that nothing has books of; may be below zero |
  /// | `sizer_pause_seconds` | for how long the last update made other threads stand still |
  /// | `sizer_leaked_objects`, `sizer_leaked_bytes` | what is proved to leak; only if asked for |
  ///
  /// A class that is no longer among the largest has its gauges destroyed, so that no old value stays on a dashboard.
  ///
  /// Any member may be called from any thread at any time; updates wait for each other.
  public final class HeapMetrics: Sendable {
    private let classCount: Int
    private let provesLeaks: Bool
    private let gauges: Mutex<HeapGauges>
    private let periodic = PeriodicSnapshots(threadName: "sizer-metrics")

    /// Gauges that have no values yet.
    ///
    /// - Parameters:
    ///   - classes: how many of the largest classes have gauges of their own. Each is a series for each process: with
    ///     many processes keep it small.
    ///   - leaks: also prove leaks at each update. That takes two images of the heap with all references, up to
    ///     200 bytes for each object while it lasts, and waits up to ten seconds for threads to go on.
    ///   - factory: where the gauges are made. Without one it is what swift-metrics was bootstrapped with, so
    ///     bootstrap before.
    public init(classes: Int = 20, leaks: Bool = false, factory: (any MetricsFactory)? = nil) {
      classCount = max(classes, 0)
      provesLeaks = leaks
      gauges = Mutex(HeapGauges(factory: factory ?? MetricsSystem.factory))
    }

    deinit {
      periodic.stop()
      gauges.withLock { $0.destroyAll() }
    }

    /// Looks at the heap and sets all gauges. Blocks the calling thread: some 100 ns for each object that lives, of
    /// which other threads stand still for some milliseconds. From asynchronous code use
    /// ``start(every:onError:)``, which has a thread of its own.
    ///
    /// - Throws: as `HeapGraph.capture` and, with leaks, `HeapGraph.proveLeaks`. The gauges keep their values then.
    public func update() throws(SizerError) {
      try gauges.withLock { (gauges) throws(SizerError) in
        let graph = try HeapGraph.capture(edges: false)
        let leaks = provesLeaks ? try HeapGraph.proveLeaks().filter { $0.grade == .proved } : nil
        gauges.set(graph, classes: classCount)
        if let leaks { gauges.set(leaks) }
      }
    }

    /// Updates at every interval on a thread of its own, until it is stopped or freed. The first time is after one
    /// interval. After an update that took long as many are left out as make it a tenth of the time at most. Started
    /// again, it only changes the interval.
    ///
    /// - Parameters:
    ///   - interval: from one to the next.
    ///   - onError: gets what an update throws, on that thread; the next one is made all the same.
    /// - Throws: `invalidArgument` for an interval that is not above zero; `outOfMemory` when the system refuses a
    ///   thread.
    public func start(
      every interval: Duration = .seconds(60), onError: @escaping @Sendable (SizerError) -> Void = { _ in }
    ) throws(SizerError) {
      let operation = "HeapMetrics.start(every:onError:)"
      guard interval > .zero else {
        throw SizerError(.invalidArgument, operation, "the interval is \(interval)", advice: "use one above zero")
      }
      let hasStarted = periodic.start(every: interval, resting: 9) { [weak self] _ in
        guard let self else { return false }
        do throws(SizerError) { try update() } catch { onError(error) }
        return true
      }
      guard hasStarted else {
        throw SizerError(
          .outOfMemory, operation, "the system refused a thread for updates",
          advice: "end some threads, or raise their limit (RLIMIT_NPROC)")
      }
    }

    /// Updates no more. Returns at once; an update that is under way is still made. The gauges keep their values until
    /// this is freed.
    public func stop() { periodic.stop() }
  }
#else
  /// Not here without the package trait `Metrics`.
  @available(
    *, unavailable,
    message: "add the trait where the package is named: .package(url: …, from: …, traits: [.defaults, \"Metrics\"])"
  )
  public final class HeapMetrics {}
#endif
