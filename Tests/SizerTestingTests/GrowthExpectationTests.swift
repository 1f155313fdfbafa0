// SPDX-License-Identifier: Apache-2.0
import SizerTesting
import Synchronization
import TestSupport
import Testing

private class Session: @unchecked Sendable {
  let user = text(48)
  init() {}
}
private final class Administrator: Session, @unchecked Sendable {}

/// Caches and queues as programs have them. One for each test: tests run side by side.
private let cache = Mutex<[String: Session]>([:])
private let queue = Mutex<[Session]>([])
private let crowd = Mutex<[Session]>([])

@Suite("Growth is expected to have bounds")
struct GrowthExpectationTests {
  @Test("instances that are left of each round are counted, those of the first run are not")
  func instances() throws {
    let left = Mutex<[Session]>([])
    let found = findings {
      expectGrowth(of: Session.self, atMost: 0, over: 4) {
        left.withLock { $0.append(Session()) }
        keepAlive(Administrator())
      }
    }
    let finding = try #require(found.first)
    #expect(finding.isFailure)
    #expect(finding.text.contains("4 more instances of \(typeName(of: Session.self)) live after 4 rounds, at most 0"))
    #expect(finding.text.contains("held by"))
    left.withLock { $0 = [] }
  }

  @Test("subclasses' instances count, and as many as are allowed do not fail")
  func allowedInstances() {
    let left = Mutex<[Session]>([])
    let keep = { left.withLock { $0.append(Administrator()) } }
    #expect(findings { expectGrowth(of: Session.self, atMost: 3, over: 3, keep) }.isEmpty)
    #expect(findings { expectGrowth(of: Session.self, atMost: 2, over: 3, keep) }.count == 1)
    left.withLock { $0 = [] }
  }

  @Test("what is filled once does not grow, nor what others make meanwhile")
  func filledOnce() async {
    let left = Mutex<Session?>(nil)
    let others = Task.detached {
      while !Task.isCancelled {
        crowd.withLock { $0.append(Session()) }
        try? await Task.sleep(for: .milliseconds(1))
      }
      crowd.withLock { $0 = [] }
    }
    let found = await findings {
      await expectGrowth(of: Session.self, atMost: 0) {
        await Task.yield()
        left.withLock { $0 = $0 ?? Session() }
      }
    }
    others.cancel()
    await others.value
    #expect(found.map(\.text) == [])
    left.withLock { $0 = nil }
  }

  @Test("a cache without a bound is named by its path; what is allowed may grow")
  func places() throws {
    let number = Atomic(0)
    func login() {
      let count = number.add(1, ordering: .relaxed).newValue
      cache.withLock { $0["a user of a long name \(count)"] = Session() }
    }
    let found = findings { expectNoGrowth { login() } }
    let finding = try #require(found.first)
    #expect(finding.isFailure)
    #expect(finding.text.contains("grew in each round"))
    #expect(finding.text.contains("global SizerTestingTests.cache"))
    #expect(findings { expectNoGrowth(allowing: ["global SizerTestingTests.cache*"]) { login() } }.isEmpty)
    cache.withLock { $0 = [:] }
  }

  @Test("a queue that is emptied does not grow, whatever others do")
  func emptied() async {
    let others = Task.detached {
      while !Task.isCancelled {
        crowd.withLock { $0.append(Session()) }
        try? await Task.sleep(for: .milliseconds(1))
      }
      crowd.withLock { $0 = [] }
    }
    let found = await findings {
      await expectNoGrowth {
        queue.withLock { $0 = [Session(), Session()] }
        await Task.yield()
      }
    }
    others.cancel()
    await others.value
    #expect(found.map(\.text) == [])
    queue.withLock { $0 = [] }
  }

  @Test("too few rounds show nothing, and say so")
  func fewRounds() {
    let found = findings { expectNoGrowth(rounds: 2) {} }
    #expect(found.map(\.isFailure) == [true])
    #expect(found.first?.text.contains("give 3 at least") == true)
  }
}
