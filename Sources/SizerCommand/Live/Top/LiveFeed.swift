// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import Synchronization

/// Asks a process, one question after another, while whoever asked goes on: a walk of a large heap takes seconds, and
/// keys are heard meanwhile.
final class LiveFeed: Sendable {
  enum Question: Sendable, Hashable {
    case table, tasks, retained
    case profile(LiveTable)
  }

  enum Answer: Sendable {
    /// With how long the process took.
    case table(LiveTable, Duration)
    case tasks([LiveTask], Duration)
    case retained(RetainedSizes)
    case profile(name: String, bytes: Int)
    case failure(Question, String)
  }

  private struct State {
    var questions: [Question] = []
    var answers: [Answer] = []
    var isWorking = false
  }

  private let source: LiveSource
  private let wakeup: Wakeup
  private let state = Mutex(State())

  /// - Parameter wakeup: Told of each answer.
  init(_ source: LiveSource, wakeup: Wakeup) {
    self.source = source
    self.wakeup = wakeup
  }

  /// Asks, unless that is asked already and not yet answered.
  func ask(_ question: Question) {
    let isIdle = state.withLock { state in
      if !state.questions.contains(question) { state.questions.append(question) }
      defer { state.isWorking = true }
      return !state.isWorking
    }
    // It blocks a thread of the pool, which nobody else in this program needs.
    if isIdle { Task.detached { self.work() } }
  }

  /// The answers since the last call.
  func takeAnswers() -> [Answer] {
    state.withLock { state in
      defer { state.answers = [] }
      return state.answers
    }
  }

  private func work() {
    while let question = next() {
      let answer = answer(to: question)
      state.withLock { state in
        state.questions.removeFirst()
        state.answers.append(answer)
      }
      wakeup.tell(.answer)
    }
  }

  private func next() -> Question? {
    state.withLock { state in
      if state.questions.isEmpty { state.isWorking = false }
      return state.questions.first
    }
  }

  private func answer(to question: Question) -> Answer {
    let start = ContinuousClock.now
    do {
      switch question {
      case .table: return .table(try source.table(), .now - start)
      case .tasks: return .tasks(try source.tasks(), .now - start)
      case .retained: return .retained(try source.retained())
      case .profile(let table):
        let (name, bytes) = try source.writeProfile(of: table)
        return .profile(name: name, bytes: bytes)
      }
    } catch {
      // The line that it is shown in has no room for a path that the user knows.
      let reason = (failureLine(of: error) ?? "\(error)").replacing(source.client.path, with: "the socket")
      return .failure(question, reason)
    }
  }
}
