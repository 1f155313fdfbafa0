// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Records the lives and sizes of objects: of single ones, and of all instances of the classes that it tracks, each of
/// them or by name.
///
///     let tracker = ClassTracker()
///     try tracker.track(class: Session.self)
///     try tracker.createSnapshot("after login")
///     tracker.statistics.printSummary()
///
/// Births are seen where the Swift runtime allocates objects, deaths where it destroys them; both are exact, with
/// monotonic times. Tracking never keeps an object alive (unless ``track(class:name:resolutionLevel:keep:trace:)`` is
/// told to) and runs none of its code. An object of a tracked class costs some 25 ns more to make and free, on any
/// number of threads, with a trace of 16 calls 35 to 150; any other object some 3 ns. Memory: 24 bytes for each tracked
/// object for ever, 4 more where several threads make them, some 10 to 70 while it lives (the fewer of the objects
/// around it are tracked, the more), and 16 for each snapshot that finds its size changed.
///
/// Any member may be called from any thread at any time. Several trackers do not know of each other.
public final class ClassTracker: Sendable {
  let lifetimes: Result<Lifetimes, SizerError>
  let state: Mutex<TrackerState>
  /// Snapshots wait for each other; nothing else waits for a snapshot that is frozen. Taken before `state`.
  let snapshotting = Mutex(())
  /// Taken after `snapshotting` and before `state`; writing to the file keeps nobody from tracking.
  let recording = Mutex<Recording?>(nil)
  let periodic = PeriodicSnapshots()
  /// What periodic snapshots tell of the heap.
  let periodicHeap = Mutex(SnapshotHeap.none)
  let periodicImages = PeriodicSnapshots(threadName: "sizer-heaps")
  let atLimit = LimitSnapshots()
  /// More calls than this are not recorded in a trace.
  let traceDepth: Int

  /// A tracker that tracks nothing yet.
  ///
  /// - Parameter maximumTraceDepth: how many calls a trace holds at most, innermost first; 1 to 256.
  public init(maximumTraceDepth: Int = 64) {
    lifetimes = Result { () throws(SizerError) in try Lifetimes(operation: "ClassTracker(maximumTraceDepth:)") }
    traceDepth = min(max(maximumTraceDepth, 1), 256)
    // The engine's clock runs since the line above.
    state = Mutex(TrackerState(epoch: .now, started: ProcessTags.now))
    (try? lifetimes.get())?.setOwner(self)
  }

  deinit {
    (try? lifetimes.get())?.setOwner(nil)
    close()
  }

  // MARK: - Objects and classes

  /// Tracks one object from now on: its size at each snapshot, and its death. An object that is tracked already stays
  /// as it is.
  ///
  ///     try tracker.track(cache, name: "the cache", resolutionLevel: 1)
  ///
  /// - Parameters:
  ///   - object: an instance of a class.
  ///   - name: what it is called in snapshots; its class's fully qualified name unless given.
  ///   - resolutionLevel: how many levels of named referents each snapshot records; 0 for none.
  ///   - keep: hold a strong reference to it, as long as it is tracked.
  /// - Throws: `invalidArgument` for a negative level and for what is no object of its own (a static one, a value in a
  ///   box); `closed`; `outOfMemory`. Nothing is changed then.
  public func track(
    _ object: AnyObject, name: String? = nil, resolutionLevel: Int = 0, keep: Bool = false
  ) throws(SizerError) {
    let operation = "ClassTracker.track(_:name:resolutionLevel:keep:)"
    let lifetimes = try lifetimes.get()
    try checkLevel(resolutionLevel, operation: operation)
    try checkLength(of: name ?? "", "name", operation: operation)
    let type: AnyClass = Swift.type(of: object)
    try Engine.preferringOwnStack { () throws(SizerError) in
      guard !isBox(type) else {
        throw SizerError(
          .invalidArgument, operation, "a value in a box was given", advice: "give an instance of a class")
      }
      try add(object, type, name, resolutionLevel, keep, lifetimes, operation)
    }
  }

  private func add(
    _ object: AnyObject, _ type: AnyClass, _ name: String?, _ resolutionLevel: Int, _ keep: Bool,
    _ lifetimes: Lifetimes, _ operation: String
  ) throws(SizerError) {
    try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(operation)
      guard lifetimes.request(of: object) == nil else { return }
      let request = TrackRequest(
        name: name ?? typeName(of: type), resolutionLevel: resolutionLevel, keep: keep, traceDepth: 0)
      let status = lifetimes.track(object, as: state.tracking(for: request))
      if Engine.isInvalid(status) {
        throw SizerError(
          .invalidArgument, operation, "the object is static or no Swift object: it is never freed and owns no block",
          advice: "give an object that the program makes")
      }
      try Engine.check(status, operation: operation)
      state.list(request)
    }
  }

  /// Tracks every instance that is made from now on of a class, or of one that inherits from it and has no nearer
  /// tracked ancestor. Called again for a class, it replaces name and options for the instances to come.
  ///
  ///     try tracker.track(class: Session.self, trace: true)
  ///
  /// - Parameters:
  ///   - type: a class.
  ///   - name: under which its instances are tracked; the class's fully qualified name unless given.
  ///   - resolutionLevel: how many levels of named referents each snapshot records; 0 for none.
  ///   - keep: hold a strong reference to each instance, as long as it is tracked.
  ///   - trace: record the stack at each birth.
  /// - Throws: `invalidArgument` for a negative level; `unsupportedRuntime` when births can't be seen in this process
  ///   or stacks can't be captured (``HeapSizer/capabilities`` says why); `closed`; `outOfMemory`. Nothing is changed
  ///   then.
  public func track(
    class type: AnyClass, name: String? = nil, resolutionLevel: Int = 0, keep: Bool = false, trace: Bool = false
  ) throws(SizerError) {
    let operation = "ClassTracker.track(class:name:resolutionLevel:keep:trace:)"
    let lifetimes = try lifetimes.get()
    try checkLevel(resolutionLevel, operation: operation)
    try checkLength(of: name ?? "", "name", operation: operation)
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.checkBirthsAreSeen(operation: operation)
      if trace { try Engine.checkStacksAreCaptured(operation: operation) }
      try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(operation)
        let request = TrackRequest(
          name: name ?? typeName(of: type), resolutionLevel: resolutionLevel, keep: keep,
          traceDepth: trace ? traceDepth : 0)
        try Engine.check(lifetimes.track(type, as: state.tracking(for: request)), operation: operation)
        state.classes[ObjectIdentifier(type)] = request
        state.list(request)
      }
    }
  }

  /// Changes how many levels of named referents the snapshots from the next one on record of a tracked object.
  ///
  /// - Throws: `invalidArgument` for a negative level; `notTracked`; `closed`; `outOfMemory`. Nothing is changed then.
  public func change(_ object: AnyObject, resolutionLevel: Int) throws(SizerError) {
    let operation = "ClassTracker.change(_:resolutionLevel:)"
    let lifetimes = try lifetimes.get()
    try checkLevel(resolutionLevel, operation: operation)
    try Engine.preferringOwnStack { () throws(SizerError) in
      try setLevel(object, resolutionLevel, lifetimes, operation)
    }
  }

  private func setLevel(
    _ object: AnyObject, _ resolutionLevel: Int, _ lifetimes: Lifetimes, _ operation: String
  ) throws(SizerError) {
    try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(operation)
      guard let number = lifetimes.request(of: object) else {
        throw SizerError(.notTracked, operation, "the object is not tracked", advice: "track it first")
      }
      var request = state.requests[Int(number)]
      request.resolutionLevel = resolutionLevel
      try Engine.check(lifetimes.setLevel(of: object, as: state.tracking(for: request)), operation: operation)
    }
  }

  // MARK: - The end of tracking

  /// Tracks no new instances of the class any more; those that are tracked stay so.
  ///
  /// - Throws: `notTracked` when the class itself is not tracked; `closed`.
  public func detach(class type: AnyClass) throws(SizerError) {
    let operation = "ClassTracker.detach(class:)"
    let lifetimes = try lifetimes.get()
    try Engine.preferringOwnStack { () throws(SizerError) in
      try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(operation)
        guard state.classes.removeValue(forKey: ObjectIdentifier(type)) != nil else {
          // Not named: when its library was closed there is nothing to be read any more.
          throw SizerError(.notTracked, operation, "the class is not tracked", advice: "name one that is")
        }
        // The engine has forgotten it when its library was closed.
        _ = lifetimes.untrack(type)
      }
    }
  }

  /// Tracks no new instances of any class any more; objects that are tracked stay so.
  public func detachAllClasses() {
    guard let lifetimes = try? lifetimes.get() else { return }
    state.withLock { state in
      state.dropClasses()
      lifetimes.untrackAll()
    }
  }

  /// Tracks no class and no object any more and releases what was kept; what was recorded stays.
  public func detachAll() {
    untrack { untrackAll in state.withLock { _ = untrackAll(&$0) } }
  }

  /// As ``detachAll()``, and stops periodic snapshots, those at a memory limit and the recording, and forgets snapshots
  /// and objects: the tracker is as if new, its clock goes on. A file that was being recorded holds what ``statistics``
  /// would have told right before all was forgotten. When the system refuses the memory to untrack objects, they stay
  /// tracked and nothing is forgotten.
  public func clear() {
    periodic.stop()
    periodicImages.stop()
    atLimit.stop()
    untrack { untrackAll in
      var isUntracked = false
      let ended = takeRecording(untracking: { isUntracked = untrackAll(&$0) }) { state in
        // The records of what is tracked still are needed: its death would be noted in what another object's record is
        // by then.
        guard isUntracked else { return }
        state.forget()
        (try? lifetimes.get())?.forget()
      }
      // What keeps the file from being complete is told by stopRecording(), to those who ask.
      try? ended?.finish()
    }
  }

  /// Ends tracking for good: all hooks off, kept objects released, no snapshot comes by itself any more, the recording
  /// stopped. What was recorded stays readable; a closed tracker can be closed again, and its other members throw
  /// `closed` or do nothing.
  public func close() {
    periodic.stop()
    periodicImages.stop()
    atLimit.stop()
    untrack { untrackAll in
      let ended = takeRecording(untracking: { _ = untrackAll(&$0) }) { state in state.isClosed = true }
      try? ended?.finish()
    }
    atLimit.stop()  // it may have been started by another thread right before
  }

  /// `body` runs what untracks all while it holds the tracker's lock, and what was kept is released when no lock is
  /// held: deinits may call the tracker. It answers whether the objects are untracked.
  private func untrack(_ body: ((inout TrackerState) -> Bool) -> Void) {
    var kept: Lifetimes.Kept?
    Engine.preferringOwnStack {
      body { state in
        guard let lifetimes = try? lifetimes.get() else { return true }
        state.dropClasses()
        lifetimes.untrackAll()
        // Refused memory keeps what was kept; it is tried again with the next call.
        do {
          kept = try lifetimes.untrackObjects(operation: "ClassTracker.detachAll()")
          return true
        } catch {
          return false
        }
      }
    }
    kept?.release()
  }

  func checkLevel(_ level: Int, operation: String) throws(SizerError) {
    guard (0...Engine.deepestTree).contains(level) else {
      throw SizerError(
        .invalidArgument, operation, "resolutionLevel is \(level)", advice: "use 0 to \(Engine.deepestTree)")
    }
  }

  /// A profile has room for texts of a megabyte; nobody reads a tenth of that.
  func checkLength(of text: String, _ what: String, operation: String) throws(SizerError) {
    guard text.utf8.count <= 100_000 else {
      throw SizerError(
        .invalidArgument, operation, "the \(what) has \(text.utf8.count) bytes", advice: "use 100,000 at most")
    }
  }

  /// Swift boxes a value that is used as an object (`__SwiftValue`); the box dies with the call.
  private func isBox(_ type: AnyClass) -> Bool {
    ["Swift.__SwiftValue", "Foundation.__SwiftValue"].contains(typeName(of: type))
  }
}
