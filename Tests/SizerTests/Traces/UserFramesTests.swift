// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("The frames that are the user's")
struct UserFramesTests {
  private struct Frame: Equatable {
    var symbol: String?
    var image: String?
  }

  private static let program = "/srv/demo/Demo"
  private static let core = "/usr/lib/swift/linux/libswiftCore.so"
  private static let libc = "/lib/x86_64-linux-gnu/libc.so.6"

  private func kept(_ frames: [Frame]) -> [Frame] {
    Array(userFrames(of: frames) { FrameOrigin(symbol: $0.symbol, image: $0.image) })
  }

  @Test("what leads to the allocation and what started the thread are left out, what is between stays")
  func trims() {
    let user = [
      Frame(symbol: "$s4Demo8EmployeeC4nameACSS_tcfC", image: Self.program),
      Frame(symbol: "$sSlsE3mapySayqd__Gqd__7ElementQzqd_0_YKXEqd_0_YKs5ErrorRd_0_r0_lF", image: Self.core),
      Frame(symbol: "qsort_r", image: Self.libc),
      Frame(symbol: "main", image: Self.program),
    ]
    let leading = [
      Frame(symbol: "csizer_hook", image: Self.program), Frame(symbol: "swift_allocObject", image: Self.core),
      Frame(symbol: nil, image: Self.core),
    ]
    let trailing = [
      Frame(symbol: "__libc_start_call_main", image: Self.libc),
      Frame(symbol: "__libc_start_main@GLIBC_2.2.5", image: Self.libc), Frame(symbol: "_start", image: Self.program),
    ]
    #expect(kept(leading + user + trailing) == user)
  }

  @Test("nothing of the preloaded agent is the user's, with symbols or without")
  func agent() {
    let agent = "/opt/sizer/libSizerAgent.so"
    let user = [Frame(symbol: "$s4Demo4make", image: Self.program), Frame(symbol: "main", image: Self.program)]
    for symbol in [nil, "start_and_run", "$s10SizerAgent5startyyF"] {
      let own = Frame(symbol: symbol, image: agent)
      #expect(kept([own] + user + [own, Frame(symbol: "_start", image: Self.program)]) == user)
    }
    // Whatever its file is called.
    #expect(FrameOrigin(symbol: "csizer_agent_run_program", image: "/opt/agent.so") == .runtime)
  }

  @Test("when no frame is the user's, all are kept")
  func onlyRuntime() {
    let frames = [
      Frame(symbol: "swift_allocObject", image: Self.core), Frame(symbol: "start_thread", image: Self.libc),
    ]
    #expect(kept(frames) == frames)
    #expect(kept([]) == [])
  }

  @Test(
    "a runtime that is linked in is known by its symbols",
    arguments: [
      "swift_allocObject", "_swift_allocObject_", "swift_bufferAllocate", "_ZN5swift10swift_initEv",
      "_ZL21swift_slowAllocTypedmmm", "$sSa6appendyyxnF", "$ss13ManagedBufferC6create15minimumCapacity",
      "$sSa6appendyyxnFSi_Tg5", "$sScTss5NeverORs_rlE6detachedTm", "$s12_Concurrency3runyyF",
      "$s5Sizer6TrackerC3runyyF",
      "csizer_census_note", "malloc", "je_mallocx",
    ])
  func runtimeSymbols(symbol: String) {
    #expect(FrameOrigin(symbol: symbol, image: Self.program) == .runtime)
  }

  @Test(
    "the user's own code is the user's, also where it extends types of the standard library",
    arguments: [
      "$s4Demo8EmployeeC4nameACSS_tcfC", "$sSa4DemoE4makeyyF", "$sSl4DemoE4mineyyF", "$ss5SliceV4DemoE3fooyyF",
      "$sSo7timevalV4DemoE3fooyyF", "main", "Demo_main", "make_employee", "_ZN5boxes5crateEi", "qsort_r",
      "$s6SizerX3runyyF",
      "$s99Demo", "$s", "$",
    ])
  func userSymbols(symbol: String) {
    #expect(FrameOrigin(symbol: symbol, image: Self.program) == .user)
  }

  @Test("without a symbol the image decides")
  func images() {
    #expect(FrameOrigin(symbol: nil, image: Self.program) == .user)
    #expect(FrameOrigin(symbol: nil, image: "/srv/demo/libswift.d/Demo") == .user)
    #expect(FrameOrigin(symbol: nil, image: Self.core) == .runtime)
    #expect(FrameOrigin(symbol: nil, image: Self.libc) == .start)
    #expect(FrameOrigin(symbol: nil, image: nil) == .user)
  }
}
