// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Glibc
import Sizer
import Synchronization
import Testing

private class Met {
  let leaf = Leaf()
  class func makeAnother(_ depth: Int) -> Met { depth == 0 ? Met() : MetAgain<Met>.makeAnother(depth - 1) }
}
private final class MetAgain<Kind>: Met {
  // Each depth is a class of its own, whose metadata the runtime makes when it is first asked for.
  override class func makeAnother(_ depth: Int) -> Met {
    depth == 0 ? MetAgain<Kind>() : MetAgain<MetAgain<Kind>>.makeAnother(depth - 1)
  }
}

/// Makes objects of classes that nobody has met before, inside a callback of the loader, which holds its lock
/// meanwhile.
private func makeObjectsUnderTheLoadersLock(depth: Int) {
  csizer_under_loader_lock(
    { depth in keepAlive(Met.makeAnother(Int(bitPattern: depth))) }, UnsafeMutableRawPointer(bitPattern: depth))
}

@Suite("The locks of others")
struct LoaderLockTests {
  @Test("who makes objects under the loader's lock and who tracks their class do not wait for each other for ever")
  func loader() async {
    await #expect(processExitsWith: .success) {
      alarm(300)  // a deadlock ends the process, and fails the test
      let isOver = Atomic(false)
      let maker = Task.detached {
        var rounds = 0
        while !isOver.load(ordering: .acquiring) {
          makeObjectsUnderTheLoadersLock(depth: rounds % 40)
          rounds += 1
        }
        return rounds
      }
      let tracker = ClassTracker()
      for round in 0..<1_000 {
        try tracker.track(class: Met.self, name: "Met", resolutionLevel: round % 3)
        if round % 50 == 0 { try tracker.createSnapshot(mode: round % 4 == 0 ? .frozen : .inPlace) }
        try tracker.detach(class: Met.self)
      }
      isOver.store(true, ordering: .releasing)
      #expect(await maker.value > 0)
      #expect(tracker.statistics.snapshots.count == 20)
    }
  }
}
