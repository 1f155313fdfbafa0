// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// The ladder of a process of its own, where no other test allocates meanwhile.
@Suite("Engine.memoryLadder")
struct MemoryLadderTests {
  @Test("the rungs add up to the resident memory, with and without a walked heap")
  func sum() async {
    await #expect(processExitsWith: .success) {
      // Code that runs for the first time is memory, too: of what is compared below, before.
      #expect(isNear(try Engine.memoryLadder(objectBytes: nil, rawBytes: nil).resident, 0, slack: .max))
      _ = try ProcessFile().bytes("VmRSS")
      for (objects, raw) in [(nil, nil), (1_000_000, 500_000), (0, nil), (1 << 40, 0)] as [(Int?, Int?)] {
        let ladder = try Engine.memoryLadder(objectBytes: objects, rawBytes: raw)
        #expect(ladder.rungs.map(\.bytes).reduce(0, +) == ladder.resident)
        #expect(ladder.rungs.last == MemoryLadder.Rung(name: "rest", bytes: ladder.rest))
        #expect(isNear(ladder.resident, try ProcessFile().bytes("VmRSS")))
        #expect(ladder.objects == objects && ladder.rawBlocks == raw)
      }
    }
  }

  @Test("what the caller has read is what the ladder stands on")
  func given() throws {
    var process = try Engine.processMemory()
    process.resident = 12_345_678
    process.shared = 1_234
    let ladder = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil, process: process)
    #expect(ladder.resident == 12_345_678)
    #expect(ladder.mappedFiles == 1_234)
  }

  @Test("walked objects are taken from the other blocks")
  func walked() async {
    await #expect(processExitsWith: .success) {
      let objects = (0..<100_000).map { _ in NSObject() }
      let size = try HeapSizer().size(of: objects)
      let unwalked = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      let walked = try Engine.memoryLadder(objectBytes: size.bytes, rawBytes: 0)
      #expect(size.bytes > 1_600_000)
      #expect(isNear(unwalked.otherBlocks - walked.otherBlocks, size.bytes, slack: 100_000))
    }
  }

  @Test("touched memory of each kind is on its own rung, and what nobody knows in the rest")
  func kinds() async {
    await #expect(processExitsWith: .success) {
      let bytes = 32 << 20
      let before = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)

      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
      memset(block.baseAddress!, 1, bytes)
      let living = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      #expect(isNear(living.otherBlocks, before.otherBlocks + bytes))
      #expect(isNear(living.rest, before.rest))

      block.deallocate()
      let freed = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      #expect(isNear(freed.otherBlocks, before.otherBlocks))
      // Kept, or given back at once: as the allocator's settings are.
      #expect(
        freed.dirtyPages + freed.muzzyPages >= before.dirtyPages + bytes / 2
          || freed.resident < living.resident - bytes / 2)

      let pages = try mapPages(bytes)
      memset(pages.baseAddress!, 1, bytes)
      let unknown = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      #expect(isNear(unknown.rest, freed.rest + bytes))
    }
  }

  @Test("a block that was never touched makes the rest smaller, for it is in the books alone")
  func untouched() async {
    await #expect(processExitsWith: .success) {
      let bytes = 512 << 20
      let before = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
      let after = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      #expect(isNear(after.otherBlocks, before.otherBlocks + bytes))
      #expect(after.rest < 0)
      #expect(after.rungs.map(\.bytes).reduce(0, +) == after.resident)
      block.deallocate()
    }
  }

  @Test("stacks of other threads count, as far as they were used")
  func stacks() async {
    await #expect(processExitsWith: .success) {
      let before = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      let used = DispatchSemaphore(value: 0)
      let done = DispatchSemaphore(value: 0)
      for _ in 0..<4 {
        let thread = Thread {
          precondition(useStack(512 << 10) > 0)
          used.signal()
          done.wait()
        }
        thread.stackSize = 2 << 20
        thread.start()
      }
      for _ in 0..<4 { used.wait() }
      let during = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil)
      for _ in 0..<4 { done.signal() }
      #expect(during.stacks >= before.stacks + 4 * 512 << 10)
      #expect(during.stacks < before.stacks + 4 * 2 << 20)
    }
  }

  @Test("Sizer's own share is one figure everywhere")
  func overhead() async {
    await #expect(processExitsWith: .success) {
      _ = try HeapSizer().histogram(
        of: [NSObject(), NSString("a text that is longer than fifteen bytes")] as [AnyObject])
      let overhead = Engine.overheadBytes
      #expect(overhead > 0)
      #expect(isNear(HeapSizer.capabilities.overheadBytes, overhead, slack: 64 << 10))
      #expect(isNear(try Engine.memoryLadder(objectBytes: nil, rawBytes: nil).profiler, overhead, slack: 64 << 10))
    }
  }

  @Test("where /proc shows no mappings, the main thread's stack must do")
  func hidden() async {
    await #expect(processExitsWith: .success) {
      let process = try Engine.processMemory()
      var limit = rlimit()
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      #expect(getrlimit(files, &limit) == 0)
      var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
      #expect(setrlimit(files, &none) == 0)
      let ladder = try Engine.memoryLadder(objectBytes: nil, rawBytes: nil, process: process)
      #expect(setrlimit(files, &limit) == 0)
      #expect(ladder.stacks == process.stack)
      #expect(ladder.copiedFilePages == nil)
      #expect(ladder.rungs.map(\.bytes).reduce(0, +) == process.resident)
    }
  }
}

/// Touches this many bytes of the calling thread's stack, and leaves them. What it answers can't be known without the
/// bytes, so that the optimiser must keep them.
@inline(never)
private func useStack(_ bytes: Int) -> Int {
  guard bytes > 0 else { return 0 }
  return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 16) { frame in
    for index in frame.indices { frame[index] = UInt8.random(in: 1...2) }
    return useStack(bytes - frame.count) + Int(frame[Int.random(in: frame.indices)])
  }
}
