// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `sizer top` in a terminal, against a process whose figures Python makes up: Tests/Live/top.py.
@Suite("Running sizer top")
struct TopTests {
  private static let script =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Live/top.py"

  private static let cases = [
    "picture", "rate", "keys", "views", "refused", "freeze", "profile", "sizes", "small", "little", "colourless",
    "interrupt", "quit_signal", "terminate", "hangup", "inherited", "abort", "fault", "trap", "input_ends",
    "terminal_gone", "stopped", "held", "output_held", "unread", "server_killed", "server_killed_then_signal",
    "rubbish", "nobody", "dumb", "once", "once_json", "usage", "piped",
  ]

  @Test("the screen shows what the process says, and the terminal is as before, however it ends", arguments: cases)
  func terminal(_ name: String) throws {
    let folder = try TemporaryFolder()
    let ended = try run(["python3", Self.script, sizerPath, name], environment: ["TMPDIR": folder.path])
    #expect(ended.status == 0, "\(ended.errors)")
  }

  @Test("all cases that there are were run")
  func complete() throws {
    let there = try run(["python3", Self.script, sizerPath]).output.split(separator: "\n").map(String.init)
    #expect(there == Self.cases)
  }
}
