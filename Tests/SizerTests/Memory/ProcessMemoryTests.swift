// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// Each runs in a process of its own, where no other test allocates meanwhile.
@Suite("Engine.processMemory")
struct ProcessMemoryTests {
  @Test("the figures are those of /proc/self/status")
  func figures() async {
    await #expect(processExitsWith: .success) {
      let memory = try Engine.processMemory()
      let file = try ProcessFile()
      #expect(isNear(memory.virtual, try file.bytes("VmSize"), slack: 96 << 20))
      #expect(isNear(memory.resident, try file.bytes("VmRSS")))
      #expect(isNear(memory.shared, try file.bytes("RssFile") + file.bytes("RssShmem")))
      #expect(isNear(memory.data, try file.bytes("VmData"), slack: 96 << 20))
      #expect(memory.stack == (try file.bytes("VmStk")))
      #expect(memory.code == (try file.bytes("VmExe")))
      #expect(memory.shared < memory.resident && memory.resident < memory.virtual)
      #expect(isNear(memory.peakResident ?? 0, try file.bytes("VmHWM")))
    }
  }

  @Test("there is room for a page, and none for more than a machine has")
  func shortage() throws {
    #expect(Engine.shortage(ofBytes: 4_096) == nil)
    let told = try #require(Engine.shortage(ofBytes: 1 << 50))
    #expect(told.contains(" leaves ") && told.contains(", this may cost 10737"), "\(told)")
  }

  @Test("memory that is touched is resident, and memory that is not is only virtual")
  func touching() async {
    await #expect(processExitsWith: .success) {
      let bytes = 64 << 20
      // Without what the process maps of its files meanwhile: the code that runs for the first time is some MiB.
      func own(_ memory: ProcessMemory) -> Int { memory.resident - memory.shared }
      let before = try Engine.processMemory()
      let pages = try mapPages(bytes)
      let mapped = try Engine.processMemory()
      #expect(mapped.virtual >= before.virtual + bytes)
      #expect(isNear(own(mapped), own(before)))
      for offset in stride(from: 0, to: bytes, by: Int(sysconf(Int32(_SC_PAGESIZE)))) { pages[offset] = 1 }
      let touched = try Engine.processMemory()
      #expect(isNear(own(touched), own(before) + bytes))
      #expect(touched.minorFaults > mapped.minorFaults)
      #expect(munmap(pages.baseAddress, bytes) == 0)
      let unmapped = try Engine.processMemory()
      #expect(isNear(own(unmapped), own(before)))
      #expect((unmapped.peakResident ?? 0) >= before.resident + bytes - (2 << 20))
    }
  }

  @Test("a process may be called what it wants")
  func names() async {
    await #expect(processExitsWith: .success) {
      for name in ["a) b (c", " ", "(((", ")))", "R 1 1) S 2 2 2", "\nVmRSS: 1 kB"] {
        // What prctl(PR_SET_NAME) does, to the main thread, whose name is the process's, and to this one.
        for thread in ["self", "thread-self"] {
          let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/\(thread)/comm"))
          try file.write(contentsOf: Data(name.utf8))
          try file.close()
        }
        #expect(try String(contentsOfFile: "/proc/self/stat", encoding: .utf8).contains("(\(name)) "))
        var before = rusage()
        var after = rusage()
        #expect(getrusage(RUSAGE_SELF.rawValue, &before) == 0)
        let memory = try Engine.processMemory()
        #expect(getrusage(RUSAGE_SELF.rawValue, &after) == 0)
        #expect((before.ru_minflt...after.ru_minflt).contains(memory.minorFaults))
        #expect((before.ru_majflt...after.ru_majflt).contains(memory.majorFaults))
        // Not VmRSS, which one of the names claims to be. Programs on a disk in memory have their pages in the last.
        let parts = try ["RssAnon", "RssFile", "RssShmem"].map { try ProcessFile().bytes($0) }
        #expect(isNear(memory.resident, parts.reduce(0, +)), "\(name)")
      }
    }
  }

  @Test("without a file descriptor it is an error that says what to do")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit()
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      #expect(getrlimit(files, &limit) == 0)
      var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
      #expect(setrlimit(files, &none) == 0)
      let error = #expect(throws: SizerError.self) { try Engine.processMemory(operation: "here") }
      #expect(setrlimit(files, &limit) == 0)
      #expect(error?.code == .systemRefused)
      #expect(error?.operation == "here" && error?.path == "/proc/thread-self/status")
      #expect(error?.cause == .system(errno: EMFILE))
      #expect(error?.message.contains("RLIMIT_NOFILE") == true)
      _ = try Engine.processMemory()
    }
  }
}
