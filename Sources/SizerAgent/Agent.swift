// SPDX-License-Identifier: Apache-2.0
import CSizerAgent
import Glibc
import Sizer
import Synchronization

/// Records the program that it is in, as the environment asks: it holds a tracker that nobody else knows of.
package final class Agent: Sendable {
  private let tracker = ClassTracker()
  private let settings: AgentSettings
  private let marks = ProcessMarks.ofThisProcess

  private let server = Mutex<LiveServer?>(nil)

  package init(_ settings: AgentSettings) { self.settings = settings }

  /// Whether there is anything to do for it, then or at the end.
  package func start() -> Bool {
    // Neither the memory nor the threads can be read then, and the host need not wait for as many errors.
    guard access("/proc/thread-self/status", R_OK) == 0 else {
      say("not recorded: /proc is not mounted; mount it, as containers have it")
      return false
    }
    if let short = AddressRoom.shortage() {
      say(
        "not recorded: \(short.limit) leaves \(short.bytes >> 20) MiB to map, and recording may take "
          + "\(AddressRoom.need >> 20) MiB; raise the limit (ulimit)")
      return false
    }
    if let obstacle = DescriptorRoom.obstacle() {
      say("not recorded: \(obstacle)")
      return false
    }
    let capabilities = HeapSizer.capabilities, tasks = capabilities.tasks
    for part in capabilities.runtime where part.state == .broken { say("less is recorded: \(part.description)") }
    if !tasks.isAvailable { say("tasks are not recorded: \(tasks.reason)") }
    do {
      try track()
      // A profile that can't be made is no reason not to be asked.
      if !settings.socket.isEmpty { serve() }
      if settings.output.isEmpty { tellWhatNeedsAFile() } else { try record() }
      return true
    } catch {
      say("not recorded: \(error)")
      return server.withLock { $0 != nil }
    }
  }

  private func record() throws {
    try tracker.record(
      to: PathPattern(settings.output).path(for: marks), keepsHeaps: false, tags: settings.recordedTags)
    // What a refused thread would have done is missing; the rest is recorded all the same.
    do {
      if let interval = settings.interval { try tracker.startPeriodicSnapshots(every: interval, heap: .classes) }
      if let interval = settings.heapInterval { try tracker.startPeriodicHeaps(every: interval) }
      if let percent = settings.limitPercent { try tracker.snapshotAt(memoryLimit: percent / 100) }
    } catch {
      say("not all is recorded: \(error)")
    }
  }

  private func tellWhatNeedsAFile() {
    let asked = [
      settings.limitPercent.map { _ in "SIZER_AT_LIMIT" }, settings.heapInterval.map { _ in "SIZER_HEAP_EVERY" },
    ].compactMap(\.self)
    if let first = asked.first { say("\(first) records nothing without SIZER_OUTPUT=FILE") }
  }

  /// What is recorded is recorded without it, too.
  private func serve() {
    do throws(LiveSocketError) {
      let verbs = LiveVerbs(tracker: tracker, tags: settings.tags)
      let started = try LiveServer(at: absolute(PathPattern(settings.socket).path(for: marks)))
      guard started.start(answer: { verbs.answer($0) }) else {
        return say("no live socket: the system refused a thread")
      }
      server.withLock { $0 = started }
    } catch {
      say("no live socket: \(error.message)")
    }
  }

  /// The file is removed at the end, and the program may go to another folder before.
  private func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }

  /// Better without traces than not at all.
  private func track() throws {
    var wantsTraces = settings.wantsTraces
    let capture = HeapSizer.capabilities.stackCapture
    if wantsTraces, !capture.isAvailable {
      say("no traces are recorded: \(capture.reason)")
      wantsTraces = false
    }
    if settings.emitsProbes { ClassTracker.emitsProbes = true }
    if settings.usesOneProcessor { ClassTracker.usesTwoProcessors = false }
    for pattern in settings.patterns { try tracker.track(classesNamed: pattern, trace: wantsTraces) }
  }

  /// The last picture. What is cheap and certain comes first: whoever asked the program to end may not wait for all.
  package func end() {
    server.withLock { $0?.stop() }
    guard tracker.isRecording else { return }
    do {
      tracker.stopPeriodicSnapshots()
      tracker.stopPeriodicHeaps()
      try tracker.snapshotAt(memoryLimit: nil)
      try tracker.createSnapshot("exit", heap: .classes)
      if settings.wantsLeaks { try recordLeaks() } else if settings.wantsHeap { try tracker.recordHeap("exit, heap") }
    } catch {
      say("the end was not recorded completely: \(error)")
    }
    do { try tracker.stopRecording() } catch { say("\(error)") }
  }

  /// Two images prove what both show closed, if every thread has gone on between them. The calling thread sleeps: so
  /// has it.
  private func recordLeaks() throws {
    try tracker.recordHeap("exit, heap")
    let isProof = HeapGraph.waitForProgress(atMost: .seconds(3))
    try tracker.recordHeap(isProof ? "exit, heap again" : "exit, heap again; a thread did not go on meanwhile")
  }
}

private let agent = Mutex<Agent?>(nil)

private func say(_ text: String) {
  csizer_agent_say(text.split(whereSeparator: \.isNewline).joined(separator: " "))
}

/// Called by the C entry (CSupport/CSizerAgentStart), right before the program's `main`. What can't be done is told in
/// one line, and the program runs on without.
@_cdecl("sizer_agent_start") public func startAgent() {
  do throws(AgentSettingError) {
    let started = Agent(try AgentSettings { name in getenv(name).map { String(cString: $0) } })
    guard started.start() else { return }
    agent.withLock { $0 = started }
  } catch {
    return say("not recorded: \(error.message)")
  }
  if !csizer_agent_at_end({ agent.withLock { $0 }?.end() }) {
    say("the system refused a thread: a signal that ends the program leaves the profile as it was a moment before")
  }
}
