// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Sizer
import SizerProfile
import TestSupport
import Testing

/// A program of C's with two functions, and the places where its symbols may lie.
@Suite("sizer symbolicate --symbols")
struct SymbolFolderTests {
  private struct Program {
    let path, buildID: String
    /// Where each function begins, by nm.
    var functions: [String: UInt64] = [:]
    /// The calls of the recording, by addr2line.
    var calls: [String] = []

    init(in folder: Folder) throws {
      path = "\(folder.path)/app"
      let source = "\(folder.path)/app.c"
      try "int inner(int n) { return n + 1; }\nint main(void) {\n  return inner(2);\n}\n".write(
        toFile: source, atomically: true, encoding: .utf8)
      try Self.tool("clang", "-g", "-O0", "-Wl,--build-id", "-o", path, source)
      for line in try Self.tool("nm", path).split(separator: "\n") {
        let parts = line.split(separator: " ")
        if parts.count == 3 { functions[String(parts[2])] = UInt64(parts[0], radix: 16) }
      }
      for name in ["inner", "main"] {
        let address = try #require(functions[name]) + 11
        let line = try Self.tool("addr2line", "-e", path, String(address, radix: 16))
        calls.append("\(name) " + line.split { $0 == "/" || $0.isWhitespace }.last { $0.contains("app.c:") }!)
      }
      let notes = try Self.tool("readelf", "-n", path)
      buildID = String(try #require(notes.split(separator: "\n").first { $0.contains("Build ID: ") }).suffix(40))
    }

    @discardableResult
    static func tool(_ arguments: String...) throws -> String {
      let path = String(cString: getenv("PATH"))
      let ended = try run(["/usr/bin/env"] + arguments, environment: ["PATH": path])
      try #require(ended.status == 0, "\(arguments): \(ended.errors)")
      return ended.output
    }

    /// A recording that was killed, of a program whose file is gone.
    func profile(in folder: Folder) throws -> String {
      let frames = try ["inner", "main"].map { (name: String) in
        let place: UInt64 = try #require(functions[name])
        return StackTrace.Frame(
          address: place + 12, image: "/gone/app", imageOffset: place + 12, buildID: buildID)
      }
      return try folder.profile(
        History(
          names: ["A"], objects: [.init(name: 0, className: 0, currentClass: 0, trace: 0, birth: 1)],
          traces: [StackTrace(frames: frames)]))
    }
  }

  private func frames(of profile: String) throws -> [String] {
    let frames = try Statistics(contentsOf: profile).object(at: 0)?.trace?.frames ?? []
    return frames.map { "\($0.function ?? "?") \($0.file?.split(separator: "/").last ?? "?"):\($0.line)" }
  }

  @Test(
    "symbols are found by build ID, whatever the file is called and wherever it lies",
    arguments: [
      "any/where/program-1.2", "any/where/x.debug", ".build-id/AA/BB.debug", "AA/BB.debug", "AABB/debuginfo",
      "buildid/AABB/debuginfo",
    ])
  func places(place: String) throws {
    let folder = try Folder()
    let program = try Program(in: folder)
    let place = place.replacing("AABB", with: program.buildID)
      .replacing("AA", with: program.buildID.prefix(2)).replacing("BB", with: program.buildID.dropFirst(2))
    let target = "\(folder.path)/symbols/\(place)"
    try FileManager.default.createDirectory(
      atPath: String(target.prefix(upTo: target.lastIndex(of: "/")!)), withIntermediateDirectories: true)
    if place.hasSuffix("1.2") {
      try FileManager.default.moveItem(atPath: program.path, toPath: target)
    } else {
      try Program.tool("objcopy", "--only-keep-debug", program.path, target)
      // What was stripped lies beside it, and tells less.
      try Program.tool("strip", "-s", "-o", "\(folder.path)/symbols/a", program.path)
      try FileManager.default.removeItem(atPath: program.path)
    }
    let profile = try program.profile(in: folder)
    let ended = try sizer("symbolicate", profile, "-o", profile, "--force", "--symbols", "\(folder.path)/symbols")
    #expect(ended.status == 0 && ended.errors == "")
    #expect(ended.output == "2 of 2 calls without a name have one now\n")
    #expect(try frames(of: profile) == program.calls)
  }

  @Test("another build, damaged files, pipes and loops are passed over")
  func others() throws {
    let folder = try Folder()
    let program = try Program(in: folder)
    let symbols = "\(folder.path)/symbols"
    try FileManager.default.createDirectory(atPath: symbols, withIntermediateDirectories: true)
    try Program.tool("clang", "-g", "-O1", "-Wl,--build-id", "-o", "\(symbols)/other", "\(folder.path)/app.c")
    let whole = try Data(contentsOf: URL(fileURLWithPath: program.path))
    for cut in [10, 64, 1000, whole.count / 2] {
      try whole.prefix(cut).write(to: URL(fileURLWithPath: "\(symbols)/cut\(cut)"))
    }
    #expect(mkfifo("\(symbols)/pipe", 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: "\(symbols)/round", withDestinationPath: symbols)
    let profile = try program.profile(in: folder)
    let ended = try sizer("symbolicate", profile, "-o", profile, "--force", "--symbols", symbols)
    #expect(ended.status == 0)
    #expect(
      ended.output == "0 of 2 calls without a name have one now\n"
        + "/gone/app: there is no such file; put the measured build there, or name it with --symbols\n")
  }

  @Test("a path that leads nowhere is refused before anything is written")
  func noFolder() throws {
    let folder = try Folder()
    let profile = try folder.profile(History(names: []))
    let ended = try sizer("symbolicate", profile, "-o", "\(folder.path)/b.sizer", "--symbols", "/none")
    #expect(ended.status == 1)
    #expect(
      ended.errors == "sizer: /none is not there; name a program, a library, a .debug file or a folder of them\n")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/b.sizer"))
  }
}
