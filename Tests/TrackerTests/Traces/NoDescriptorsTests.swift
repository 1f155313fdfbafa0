// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

private final class Traced {
  let leaf = Leaf()
  @inline(never)
  init() {}
}
private final class NamedLate { let leaf = Leaf() }

/// Opens files until the system has no descriptor left.
private func takeAllDescriptors() -> [Int32] {
  var files: [Int32] = []
  while true {
    let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return files }
    files.append(file)
  }
}

@Suite("Without file descriptors")
struct NoDescriptorsTests {
  @Test("traces that could not be named once are named when there are descriptors again")
  func traces() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 256, rlim_max: 256)
      guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(3) }
      let tracker = ClassTracker()
      try tracker.track(class: Traced.self, trace: true)
      let objects = (0..<3).map { _ in made { Traced() } }
      let files = takeAllDescriptors()
      let without = tracker.statistics.objects.first?.trace
      for file in files { close(file) }
      // It is the test's own function that made them, and all are there in both cases.
      let frames = tracker.statistics.objects.first?.trace?.frames ?? []
      guard frames.contains(where: { $0.function?.contains("NoDescriptors") == true && $0.line > 0 }) else { exit(4) }
      guard let without, !without.frames.isEmpty, tracker.statistics.objects.count == objects.count else { exit(5) }
      keepAlive(objects)
    }
  }

  @Test("names of private types that could not be found out are found out later")
  func names() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 256, rlim_max: 256)
      guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(3) }
      let object = made { NamedLate() } as AnyObject
      let files = takeAllDescriptors()
      _ = typeName(of: type(of: object))
      for file in files { close(file) }
      guard typeName(of: type(of: object)) == "TrackerTests.NamedLate" else { exit(4) }
      keepAlive(object)
    }
  }
}
