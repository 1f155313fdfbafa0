// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerProfile
import SizerReports

/// The full-screen table while it is there: waits for keys, answers, signals and the time of the next question, and
/// shows what they make of the state.
final class TopSession {
  private let terminal = FullScreen()
  private let wakeup: Wakeup
  private let feed: LiveFeed
  private let style: TextStyle
  private let interval: Duration

  private var state: TopState
  private var screen = Screen()
  private var decoder = KeyDecoder()
  /// How often there is a table, as the process can keep up.
  private var pace: Duration
  private var nextQuestion = ContinuousClock.now
  private var isAsking = false
  /// What the process took for the answers since it was asked last.
  private var spent = Duration.zero

  /// How the table ends.
  private enum End {
    case quit
    case signal(Int32)
  }

  init(_ source: LiveSource, _ state: TopState, interval: Duration, style: TextStyle) throws {
    wakeup = try Wakeup()
    feed = LiveFeed(source, wakeup: wakeup)
    (self.state, self.interval, self.style, pace) = (state, interval, style, interval)
  }

  /// Shows the table until somebody ends it; the terminal is as it was then. A signal that ends it ends the process.
  func run() {
    terminal.enter()
    if state.sortKey == .retained { obey(.askRetained) }
    nextQuestion = .now + interval
    var end: End?
    while end == nil, terminal.isThere {
      askIfDue()
      draw()
      end = wait()
    }
    terminal.leave()
    if case .signal(let number) = end { wakeup.obey(number) }
  }

  // MARK: Waiting

  private func wait() -> End? {
    var waited = [
      pollfd(fd: wakeup.reader, events: Int16(POLLIN), revents: 0),
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      pollfd(fd: terminal.output, events: Int16(POLLOUT), revents: 0),
    ]
    // A terminal has always room, but when it has not.
    let count = poll(&waited, terminal.isBusy ? 3 : 2, timeout)
    guard count > 0 else {
      if count == 0, decoder.isWaiting { return press(decoder.flush()) }
      return nil
    }
    if waited[2].revents != 0 { terminal.drain() }
    if waited[0].revents != 0 {
      for event in wakeup.takeEvents() {
        if let end = take(event) { return end }
      }
    }
    guard waited[1].revents != 0 else { return nil }
    guard let bytes = terminal.readInput() else { return .quit }
    return press(decoder.feed(bytes))
  }

  /// Milliseconds.
  private var timeout: Int32 {
    // The rest of a key comes at once, or was none.
    if decoder.isWaiting { return 50 }
    guard !isAsking, !state.isFrozen else { return -1 }
    let (seconds, attoseconds) = (nextQuestion - .now).components
    return Int32(clamping: max(0, seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1))
  }

  private func take(_ event: Wakeup.Event) -> End? {
    switch event {
    case .answer: takeAnswers()
    case .signal(SIGWINCH): screen.forget()
    case .signal(SIGTSTP):
      terminal.leave()
      wakeup.obey(SIGTSTP)
      comeBack()
    case .signal(SIGCONT): comeBack()
    case .signal(let number): return .signal(number)
    }
    return nil
  }

  /// After a stop.
  private func comeBack() {
    terminal.enter()
    screen.forget()
  }

  // MARK: Keys

  private func press(_ keys: [Key]) -> End? {
    for key in keys {
      guard let wish = state.press(key) else { continue }
      if wish == .quit { return .quit }
      obey(wish)
    }
    return nil
  }

  private func obey(_ wish: TopState.Wish) {
    switch wish {
    case .quit: break
    case .askNow:
      nextQuestion = .now
      // A view that has nothing yet gets something, though all else is to stay.
      if state.view == .tasks, state.tasks == nil { feed.ask(.tasks) }
    case .askRetained:
      state.message = "asking for retained sizes: the process looks at its whole heap"
      feed.ask(.retained)
    case .writeProfile:
      guard let table = state.changes.table else { return }
      state.message = "asking for a copy of the profile"
      feed.ask(.profile(table))
    }
  }

  // MARK: Questions and answers

  private func askIfDue() {
    guard !isAsking, !state.isFrozen, .now >= nextQuestion else { return }
    isAsking = true
    spent = .zero
    nextQuestion = .now + pace
    if state.view == .tasks { feed.ask(.tasks) }
    feed.ask(.table)
  }

  private func takeAnswers() {
    for answer in feed.takeAnswers() {
      switch answer {
      case .table(let table, let time):
        isAsking = false
        keepPace(time)
        state.take(table)
      case .tasks(let tasks, let time):
        keepPace(time)
        state.take(tasks)
      case .retained(let sizes): state.take(sizes)
      case .profile(let name, let bytes): state.message = "written: \(name) (\(shortSize(bytes)))"
      case .failure(.table, let reason):
        isAsking = false
        state.fail(reason)
      case .failure(.tasks, let reason): state.failTasks(reason)
      case .failure(_, let reason): state.message = reason
      }
    }
  }

  /// A process that takes long is asked less often, so that it spends a tenth of its time on it at most.
  private func keepPace(_ time: Duration) {
    spent += time
    pace = max(interval, min(spent * 10, .seconds(60)))
    nextQuestion = max(nextQuestion, .now - spent + pace)
  }

  // MARK: The screen

  private func draw() {
    // A slow terminal gets the newest picture when it has taken the last one.
    guard !terminal.isBusy else { return }
    let size = terminal.size
    let frame = TopFrame(state, size: size, style: style, interval: pace)
    state.fit(rowCount: frame.rowCount, page: frame.page)
    let text = screen.update(to: frame.lines, size: size)
    if !text.isEmpty { terminal.send(text) }
  }
}
