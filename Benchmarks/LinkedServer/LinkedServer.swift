// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sizer
import TrackingLoop
import VisitorServer

/// The same server in a program that links Sizer: SizerBench measures what that adds to its requests, and what tracking
/// does.
///
/// Its argument says what is tracked: `nothing`, its own `classes`, or these with `traces`. When it has ended it counts
/// what was seen: figures of a tracker that misses objects would be worth nothing.
@main
enum LinkedServer {
  static func main() throws {
    switch CommandLine.arguments.dropFirst() {
    case ["nothing"]: _ = try VisitorServer().run()
    case ["classes"]: try runTracked(trace: false)
    case ["traces"]: try runTracked(trace: true)
    default: fail("usage: LinkedServer nothing|classes|traces", status: 64)
    }
  }

  private static func runTracked(trace: Bool) throws {
    let tracker = ClassTracker()
    for type in VisitorServer.classesOfRequests { try tracker.track(class: type, trace: trace) }
    let answers = try VisitorServer().run()
    let (made, seen) = (answers * VisitorServer.objectsPerRequest, tracker.statistics.objectCount)
    guard seen == made else { fail("LinkedServer: \(made) objects were made, \(seen) seen", status: 1) }
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    complain(message)
    exit(status)
  }
}
