// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

@Suite("Leaks of all kinds")
struct LeakScenarioTests {
  private let scenarios = Scenario.knots + Scenario.values + Scenario.closures + Scenario.tasks + Scenario.holders

  /// What a proof says of an object.
  private func verdict(of planted: Scenario.Planted, _ grades: [UInt: LeakGroup.Grade]) -> Scenario.Verdict {
    if planted.grave.isTaken { return .gone }
    return switch grades[planted.place] {
    case .proved: .proved
    case .visible: .visible
    case .suspected: .suspected
    case nil: .alive
    }
  }

  /// Other threads may still be at it.
  private func waitForDeaths(_ planted: [Scenario.Planted]) {
    for (scenario, planted) in zip(scenarios, planted) where scenario.verdict == .gone {
      for _ in 0..<5_000 where !planted.grave.isTaken { usleep(1_000) }
    }
  }

  private func isSeenByTask(_ place: UInt, in graph: HeapGraph) -> Bool {
    let object = graph.image.object(at: UInt64(place))
    return object.map { PathFinder(of: graph.image).path(to: $0).root?.hasPrefix("task ") ?? false } ?? false
  }

  @Test("each is found with its grade, and nothing else is")
  func all() async {
    // In a process of its own: a thread runs all the while, tasks are waited for, and what others have freed may still
    // have the address of what is planted.
    await #expect(processExitsWith: .success) {
      let wrong = try await withCheckedThrowingContinuation { done in
        // On a thread of its own: tasks that it waits for may need the one that this test runs on.
        Thread { done.resume(with: Result { try LeakScenarioTests().differences() }) }.start()
      }
      #expect(wrong == [])
    }
  }

  /// What a proof says otherwise than the scenarios do.
  private func differences() throws -> [String] {
    let planted = try plantApart { try scenarios.map { try $0.plant() } }
    defer { LeakThreads.end() }
    waitForDeaths(planted)
    var grades: [UInt: LeakGroup.Grade] = [:]
    let leaks = try HeapGraph.proveLeaks()
    for leak in leaks {
      for address in leak.addresses { grades[address] = leak.grade }
    }
    let later = try HeapGraph.capture()
    var wrong: [String] = []
    for (scenario, planted) in zip(scenarios, planted) {
      let verdict = verdict(of: planted, grades)
      // An old word in the frame of some task may still lead to what is only suspected: then it counts as alive.
      if scenario.verdict == .suspected, verdict == .alive, isSeenByTask(planted.place, in: later) { continue }
      guard verdict != scenario.verdict else { continue }
      let observers = leaks.first { $0.addresses.contains(planted.place) }?.observers ?? []
      wrong.append("\(scenario.name): \(verdict), not \(scenario.verdict) \(observers)")
    }
    // No group of these types but the planted ones.
    let leaked = Set(zip(scenarios, planted).filter { $0.0.verdict != .alive }.map(\.1.place))
    for leak in leaks where leak.typeNames.contains(typeName(of: Specimen.self)) {
      if leaked.isDisjoint(with: leak.addresses) { wrong.append("not planted: \(leak)") }
    }
    return wrong
  }
}
