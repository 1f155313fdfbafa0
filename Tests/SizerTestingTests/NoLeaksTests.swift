// SPDX-License-Identifier: Apache-2.0
import SizerTesting
import Synchronization
import TestSupport
import Testing

@Suite("No leaks are expected")
struct NoLeaksTests {
  private struct Refusal: Error {}

  @Test("a cycle fails the test, with its path and where it was made")
  func cycle() throws {
    let found = findings { expectNoLeaks { Knot.leak() } }
    let finding = try #require(found.first)
    #expect(found.count == 1)
    #expect(finding.isFailure)
    let knot = typeName(of: Knot.self)
    #expect(finding.text.contains("leaked, proved: "))
    #expect(finding.text.contains("\(knot) -> .other (\(knot)) -> .other (\(knot))"))
    if HeapSizer.capabilities.stackCapture.isAvailable {
      #expect(finding.text.contains("made in"))
      #expect(finding.text.contains("Knot.leak()"))
      #expect(!finding.text.contains("BirthScope"))
    }
  }

  @Test("what is untied, returned, or held by a global is no leak")
  func tidy() {
    var returned: Knot?
    let found = findings {
      expectNoLeaks { Knot.tidy() }
      returned = expectNoLeaks {
        let knot = Knot()
        knot.other = knot
        return knot
      }
      expectNoLeaks { shelf.withLock { $0 = [Knot()] } }
    }
    #expect(found.map(\.text) == [])
    keepAlive(returned)
    returned?.other = nil
    shelf.withLock { $0 = [] }
  }

  @Test("a closure that holds itself through a variable has no class in its cycle")
  func closures() {
    let found = findings {
      expectNoLeaks {
        var again: () -> Void = {}
        again = { if keepsGoing() { again() } }
        again()
      }
    }
    #expect(found.count == 1)
    #expect(found.first?.isFailure == true)
  }

  @Test("what a weak reference still sees is told, and fails when it is strict", arguments: [false, true])
  func visible(isStrict: Bool) {
    weak var seen: Knot?
    let found = findings {
      expectNoLeaks(isStrict ? .strict : .proved) {
        let knot = Knot()
        knot.other = knot
        seen = knot
      }
    }
    #expect(found.map(\.isFailure) == [isStrict])
    #expect(found.first?.text.contains("leaked, visible: ") == true)
    seen?.other = nil
  }

  @Test("an error is thrown on, and the leaks are told all the same")
  func throwing() {
    let found = findings {
      #expect(throws: Refusal.self) {
        try expectNoLeaks {
          Knot.leak()
          throw Refusal()
        }
      }
    }
    #expect(found.map(\.isFailure) == [true])
  }

  @Test("tasks that the body starts are covered, on whichever thread they run")
  func tasks() async {
    let bodies: [@Sendable () async -> Void] = [
      {
        await Task.yield()
        Knot.leak()
      },
      { await Task { Knot.leak() }.value },
      {
        async let child: Void = Knot.leak()
        await child
      },
      { await withTaskGroup(of: Void.self) { $0.addTask { Knot.leak() } } },
    ]
    for body in bodies {
      let found = await findings { await expectNoLeaks { await body() } }
      #expect(found.map(\.isFailure) == [true])
    }
    let tidy = await findings { await expectNoLeaks { await Task { Knot.tidy() }.value } }
    #expect(tidy.map(\.text) == [])
  }

  @Test("a detached task is seen by a scope of the whole process only")
  func detached() async {
    // In a process of its own: others' objects would be seen, too.
    await #expect(processExitsWith: .success) {
      let body: @Sendable () async -> Void = { await Task.detached { Knot.leak() }.value }
      let unseen = await findings { await expectNoLeaks { await body() } }
      #expect(unseen.map(\.text) == [])
      let seen = await findings { await expectNoLeaks(in: .process) { await body() } }
      #expect(seen.map(\.isFailure) == [true])
    }
  }

  @Test("an outer scope sees what an inner one does, and not the other way round")
  func nested() {
    var inner: [Finding] = []
    let outer = findings {
      expectNoLeaks {
        inner = findings { expectNoLeaks { Knot.leak() } }
      }
    }
    #expect(inner.map(\.isFailure) == [true])
    #expect(outer.map(\.isFailure) == [true])
    var clean: [Finding] = []
    let around = findings {
      expectNoLeaks {
        Knot.leak()
        clean = findings { expectNoLeaks { Knot.tidy() } }
      }
    }
    #expect(clean.map(\.text) == [])
    #expect(around.map(\.isFailure) == [true])
  }

  @Test("two that run at the same time do not see each other's objects")
  func parallel() async {
    let meeting = Meeting(of: 2)
    @Sendable func run(_ work: @Sendable () -> Void) async -> [Finding] {
      await findings {
        await expectNoLeaks {
          await meeting.arrive()
          work()
          await meeting.arrive()
        }
      }
    }
    async let leaking = run { Knot.leak() }
    async let other = run { Knot.tidy() }
    #expect(await leaking.map(\.isFailure) == [true])
    #expect(await other.map(\.text) == [])
  }

  @Test("many objects of many tasks are told apart")
  func many() async {
    await withTaskGroup(of: (Bool, Int).self) { group in
      for number in 0..<8 {
        group.addTask {
          let found = await findings {
            await expectNoLeaks {
              for round in 0..<200 {
                if number % 2 == 0 { Knot.leak() } else { Knot.tidy() }
                if round % 50 == 0 { await Task.yield() }
              }
            }
          }
          return (number % 2 == 0, found.count { $0.isFailure && $0.text.contains("200 cycles, ") })
        }
      }
      for await (leaks, failures) in group { #expect(failures == (leaks ? 1 : 0)) }
    }
  }
}

private let goes = Mutex(false)
private func keepsGoing() -> Bool { goes.withLock { $0 } }

/// Tasks that wait for each other, again and again.
actor Meeting {
  private let count: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(of count: Int) { self.count = count }

  func arrive() async {
    if waiting.count + 1 == count {
      for other in waiting { other.resume() }
      waiting = []
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }
}
