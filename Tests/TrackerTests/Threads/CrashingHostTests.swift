// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

@Suite("The host crashes", .serialized)
struct CrashingHostTests {
  @Test("the runtime can stop all threads of a tracker's and says nothing of them")
  func crash() async throws {
    // Read when a process starts: it is for the child.
    setenv("SWIFT_BACKTRACE", "enable=yes,color=no,interactive=no,output-to=stderr", 1)
    defer { unsetenv("SWIFT_BACKTRACE") }
    let ended = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      alarm(300)  // a crash that never ends fails the test
      let waiting = ClassTracker()
      let busy = ClassTracker()
      try waiting.startPeriodicSnapshots(every: .seconds(3_600))
      try busy.startPeriodicSnapshots(every: .milliseconds(1))
      guard eventually({ busy.statistics.snapshots.count > 3 }) else { exit(0) }
      UnsafeMutablePointer<Int>(bitPattern: 16)!.pointee = 1
    }
    let errors = String(decoding: try #require(ended).standardErrorContent, as: UTF8.self)
    let words = ["Bad pointer dereference", "Crash", "crashed"]
    #expect(words.contains { errors.contains($0) }, "\(errors)")
    #expect(!errors.contains("failed to suspend thread"), "\(errors)")
  }
}
