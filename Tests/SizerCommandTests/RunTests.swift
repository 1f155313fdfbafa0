// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import TestSupport
import Testing

/// What needs no library to preload; the rest is in Tests/Agent/run.
@Suite("Running a program")
struct RunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A program of this text, of the mode that is given.
  private func program(_ text: [UInt8], named name: String, mode: mode_t = 0o755) throws -> String {
    let path = folder.path(name)
    let file = try #require(fopen(path, "w"))
    fwrite(text, 1, text.count, file)
    fclose(file)
    chmod(path, mode)
    return path
  }

  /// What there is to preload: a library that every program has does no harm.
  private func agent() throws -> String {
    let mappings = String(decoding: try contents(of: "/proc/self/maps", upTo: 16 << 20), as: UTF8.self)
    let line = try #require(mappings.split(separator: "\n").first { $0.contains("/libc.so") })
    return String(line[line.firstIndex(of: "/")!...])
  }

  private func contents(of path: String, upTo count: Int) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = fread(&bytes, 1, count, file)
    return Array(bytes.prefix(got))
  }

  /// What `sizer run` says of its own accord.
  private func complaints(_ ended: Ended) -> [String] {
    ended.errors.split(separator: "\n").filter { $0.hasPrefix("sizer: ") }.map { String($0.dropFirst(7)) }
  }

  @Test("what can't be started is told, and so is a library that is not there")
  func missing() throws {
    let agent = try agent()
    let text = try program(Array("text".utf8), named: "text", mode: 0o644)
    for command in [folder.path("nothing"), folder.path(""), text, "no-such-command"] {
      let ended = try sizer("run", "--agent", agent, "--", command)
      #expect(ended.status == 1)
      #expect(ended.errors == "sizer: \(command) is not a program that can be started; check its path and mode\n")
    }
    let ended = try sizer("run", "--agent", folder.path("nothing.so"), "--", "true")
    #expect(ended.status == 1)
    #expect(ended.errors == "sizer: \(folder.path("nothing.so")) is not there; build it: ./build-agent\n")
  }

  @Test("a path that the loader would read as two is refused")
  func spaces() throws {
    let agent = try program([], named: "a b.so")
    let ended = try sizer("run", "--agent", agent, "--", "true")
    #expect(ended.status == 1)
    #expect(ended.errors.contains("can't be preloaded: its path has a space or a colon; move it"))
  }

  @Test("usage is told where there is no program, no interval, or no place for several files")
  func usage() throws {
    for arguments in [
      [], ["--every", "often", "--", "true"], ["--track", "a,b", "--", "true"], ["--trace", "--", "true"],
      ["--probes", "--", "true"],
      ["--children", "-o", "one.sizer", "--", "true"], ["--children", "--socket", "one", "--", "true"],
      ["--socket", "", "--", "true"], ["--children", "-o", "%%p.%t", "--", "true"],
      ["--heap-every", "0", "--", "true"], ["--at-limit", "0.9", "--", "true"], ["--at-limit", "0", "--", "true"],
      ["--tag", "version", "--", "true"], ["--tag", "=1", "--", "true"],
    ] {
      let ended = try run([sizerPath, "run"] + arguments)
      #expect(ended.status == 64)
    }
  }

  @Test("a file that is there is not recorded over, and the program is not started")
  func taken() throws {
    let path = try program([1], named: "a.sizer")
    let ended = try sizer("run", "--agent", try agent(), "-o", path, "--", "echo", "started")
    #expect(ended.status == 1)
    #expect(ended.output == "")
    #expect(ended.errors == "sizer: \(path) already exists; choose another path, or one with %p or %t in it\n")
  }

  @Test("the files of a run are those that were not there before, and its status is the program's")
  func files() throws {
    _ = try program([1], named: "x.7.sizer")
    let script = "cd \(folder.path); for n in x.8 x.10 x.9 x.a x. y.8; do : > $n.sizer; done; exit 5"
    let ended = try sizer(
      "run", "--agent", try agent(), "-o", folder.path("x.%p.sizer"), "--", "sh", "-c", script)
    #expect(ended.status == 5)
    #expect(
      complaints(ended).map { $0.prefix { $0 != " " } }
        == ["8", "9", "10"].sorted().map { Substring(folder.path("x.\($0).sizer")) })
    // A percent sign of the path's own, and the time of the start.
    let timed = try sizer(
      "run", "--agent", try agent(), "-o", folder.path("100%%p.%t.%p"), "--", "sh", "-c",
      "cd \(folder.path); : > \"$(basename \"$SIZER_OUTPUT\" | sed 's/%%/%/; s/%p$/7/')\"; : > 1000p.7")
    #expect(complaints(timed).count == 1 && complaints(timed)[0].contains("/100%p.2"), "\(timed.errors)")
    let one = try sizer("run", "--agent", try agent(), "-o", folder.path("z"), "--", "sh", "-c", "kill -9 $$")
    #expect(one.signal == SIGKILL)
    #expect(complaints(one) == ["nothing was recorded: no Swift program was started, or the reason is above"])
  }

  @Test("tags reach the program's recorder, the last of those with one name")
  func tags() throws {
    let ended = try sizer(
      "run", "--agent", try agent(), "-o", folder.path("x"), "--tag", "a b=c,d=e", "--tag", "a=1", "--tag", "a=2", "--",
      "sh", "-c", "echo \"$SIZER_TAGS\"")
    #expect(ended.output == "a=2,a%20b=c%2Cd%3De\n")
    let asked = try sizer(
      "run", "--agent", try agent(), "-o", folder.path("y"), "--arguments", "--", "sh", "-c", "echo $SIZER_TAGS", "x")
    #expect(asked.output == "process.command_args=sh%20-c%20echo%20%24SIZER_TAGS%20x\n")
  }

  @Test("tables that there was no room for are told at the end")
  func missingTables() throws {
    let room = "the control group leaves 12.0 MiB, an image needs 32.0 MiB"
    let table = [TypeRecord(typeName: "App.Node", count: 7, bytes: 448, requestedBytes: 448, unusedCapacityBytes: 0)]
    func snapshot(_ second: Int, error: String?) -> Snapshot {
      Snapshot(
        label: "\(second)", timestamp: .seconds(second), mode: error == nil ? .frozen : .counts, error: error,
        heap: error == nil ? table : nil)
    }
    let history = History(
      snapshots: [
        snapshot(1, error: nil), snapshot(2, error: Snapshot.countsWereAskedFor), snapshot(3, error: "no room"),
        snapshot(4, error: room),
      ])
    let made = folder.path("made.sizer")
    try Statistics(history).write(to: made)
    let ended = try sizer(
      "run", "--agent", try agent(), "-o", folder.path("new.sizer"), "--", "cp", made, folder.path("new.sizer"))
    let told = complaints(ended).filter { $0.contains("missing") }
    #expect(
      told == ["of 3 tables of the heap 2 are missing, the last after \(timeText(.seconds(4))): \(room)"],
      "\(ended.errors)")
  }

  @Test("rubbish that begins as an executable does is started, which fails, and nothing else does")
  func rubbish() throws {
    var own = try contents(of: "/bin/true", upTo: 8_192)
    (own[18], own[19]) = (0xFF, 0xFF)  // of no machine that there is
    let agent = try agent()
    func tryToRun(_ bytes: [UInt8]) throws {
      let ended = try sizer("run", "--agent", agent, "--", try program(bytes, named: "rubbish"))
      #expect(ended.signal == nil && ended.status != 0)
      #expect((1...2).contains(complaints(ended).count))  // not recorded, and why it did not start
    }
    for length in [4, 63, 64, 65, 500, 4_096] { try tryToRun(Array(own.prefix(length))) }
    // Where the tables are, how long, and what is in them points anywhere.
    for offset in Array(32..<64) + Array(stride(from: 64, to: 180, by: 5)) {
      var broken = own
      broken[offset] = 0xFF
      try tryToRun(broken)
    }
  }

  @Test("a program without a loader is not recorded, and is told what to do")
  func unloaded() throws {
    // An executable of one segment, in which there is nothing: it dies at its first instruction, or before.
    var bytes = [UInt8](repeating: 0, count: 64 + 56)
    for (offset, value) in [
      (0, 0x7F), (1, 0x45), (2, 0x4C), (3, 0x46), (4, 2), (5, 1), (6, 1), (16, 2), (18, 62), (20, 1), (32, 64),
      (52, 64), (54, 56), (56, 1), (64, 1),
    ] { bytes[offset] = UInt8(value) }
    let path = try program(bytes, named: "static")
    let ended = try sizer("run", "--agent", try agent(), "--", path)
    #expect(
      complaints(ended).first
        == "not recorded: \(path) is entirely statically linked, so there is no loader to preload anything; "
        + "link it with --static-swift-stdlib instead, or add the product SizerAgent to it")
  }
}
