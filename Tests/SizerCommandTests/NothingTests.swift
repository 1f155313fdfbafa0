// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile
import TestSupport
import Testing

@Suite("What there is not")
struct NothingTests {
  /// A snapshot of the whole heap by class, and no object that was tracked.
  private static var untracked: History {
    var snapshot = Samples.snapshot("exit", 1_000_000_000, 0, [:])
    snapshot.heap = [TypeRecord(typeName: "App.Node", count: 1, bytes: 16, requestedBytes: 16, unusedCapacityBytes: 0)]
    return History(snapshots: [snapshot])
  }

  @Test(
    "where nothing was tracked it is told, beside the table",
    arguments: [["stats"], ["diff"], ["csv"], ["csv", "--table", "objects"], ["csv", "--table", "sizes"]])
  func untracked(_ command: [String]) throws {
    let path = try Folder.profile(Self.untracked)
    let ended = try run([sizerPath] + command + [path])
    #expect(ended.status == 0)
    #expect(!ended.output.contains("tracked in"))
    #expect(
      ended.errors == "sizer: nothing was tracked in \(path); name classes with sizer run --track or "
        + "ClassTracker.track, or see sizer summary \(path)\n")
    // The same command has nothing to say of a profile with objects.
    #expect(try run([sizerPath] + command + [try Folder.profile(Samples.life)]).errors == "")
  }

  @Test("a table that asks for no object says nothing")
  func snapshots() throws {
    #expect(try sizer("csv", "--table", "snapshots", try Folder.profile(Self.untracked)).errors == "")
    #expect(try sizer("summary", try Folder.profile(Self.untracked)).errors == "")
  }

  @Test("a name that nothing has is told")
  func names() throws {
    let path = try Folder.profile(Samples.life)
    let ended = try sizer("stats", "--class", "Nobody", path)
    #expect(ended.output == "")
    #expect(
      ended.errors
        == "sizer: no tracked object or class has Nobody in its name; sizer summary \(path) lists the classes\n"
    )
    #expect(try sizer("stats", "--class", "Worker", path).errors == "")
  }

  @Test(
    "patterns that no class matched are told",
    arguments: [
      ("App.Worker,App.Cache", []), ("*", []), ("App.*er", []), ("*.Work", ["*.Work"]), ("Worker", ["Worker"]),
      ("App.Box", []), ("App.Box<*", ["App.Box<*"]), ("App.Inner", []), ("Mod.Late", []), ("App.C*e,No.*", ["No.*"]),
      ("a,b,c,d,e,f,*.Cache", ["a", "b", "c", "d", "e and others"]),
    ] as [(String, [String])])
  func patterns(_ tag: String, _ unmatched: [String]) throws {
    var history = Samples.life
    history.tags = ["sizer.track": tag]
    let extended = "(extension in Mod):Swift.Array<A>.Late"
    for name in ["App.Box<() -> Swift.Array<Swift.Int>>", "App.Inner #2", extended] {
      history.names.append(name)
      let number = UInt32(history.names.count - 1)
      history.objects.append(.init(name: number, className: number, currentClass: number, birth: 3_300_000_000))
    }
    let told = try sizer("info", try Folder.profile(history)).output.split(separator: "\n")
      .filter { $0.hasPrefix("no object was made") }.map(String.init)
    #expect(
      told
        == (unmatched.isEmpty
          ? []
          : [
            "no object was made of any class that is called \(unmatched.joined(separator: ", ")); "
              + "write Module.Class as sizer heap does, with * for any characters and without generic arguments"
          ]))
  }
}
