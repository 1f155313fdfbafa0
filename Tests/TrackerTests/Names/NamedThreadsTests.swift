// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

/// Counts what each thread makes.
private let made64 = Atomic<Int>(0)

private class Fresh<Content> {
  let number = TestSupport.number(1)
  required init() { made64.add(1, ordering: .relaxed) }
}

private protocol Makable: AnyObject { init() }
extension Fresh: Makable {}

/// Metadata that nothing in the program names, of `Fresh<Content????>` and the like: met when they are first made.
private func makeNested<Content>(_ depth: Int, _ content: Content.Type) {
  let type: any Makable.Type = Fresh<Content>.self
  for _ in 0..<3 { keepAlive(made { type.init() as AnyObject }) }
  if depth > 0 {
    makeNested(depth - 1, Content?.self)
    if depth % 4 == 0 { makeNested(depth - 4, [Content].self) }
  }
}

@Suite("Names and threads")
struct NamedThreadsTests {
  @Test("first births on many threads, while patterns are tracked and detached: counts are exact")
  func firstBirths() throws {
    let (all, changing) = (ClassTracker(), ClassTracker())
    try all.track(classesNamed: "TrackerTests.Fresh")
    let left = Atomic<Int>(6)
    let failures = Mutex<[String]>([])
    try onThreads(7) { thread in
      guard thread < 6 else {
        repeat {
          do {
            try changing.track(classesNamed: "*.Fresh", trace: true)
            try changing.track(classesNamed: "TrackerTests.Fr*sh")
            try changing.detach(classesNamed: "*.Fresh")
            try changing.createSnapshot(mode: .frozen)
            try changing.detach(classesNamed: "TrackerTests.Fr*sh")
          } catch {
            failures.withLock { $0.append("\(error)") }
          }
        } while left.load(ordering: .relaxed) > 0
        return
      }
      for _ in 0..<10 {
        makeNested(16, Int.self)
        makeNested(16, String.self)
      }
      left.subtract(1, ordering: .relaxed)
    }
    #expect(failures.withLock(\.self) == [])
    let (statistics, others) = (all.statistics, changing.statistics)
    #expect(statistics.objectCount == made64.load(ordering: .relaxed))
    #expect(statistics.objects.allSatisfy { $0.death != nil && $0.name.hasPrefix("TrackerTests.Fresh<") })
    #expect(Set(statistics.objects.map(\.name)).count > 30)
    #expect(others.objectCount <= statistics.objectCount && others.objects.allSatisfy { $0.death != nil })
    #expect(try all.createSnapshot().skippedCount == 0 && changing.createSnapshot().skippedCount == 0)
  }
}
