// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("The manual and completions")
struct ManualTests {
  /// `Documents/sizer.1` of the repository.
  private static let page =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Documents/sizer.1"

  private func rendered() throws -> Ended { try run(["groff", "-mdoc", "-Tascii", "-ww", "-P-cbou", Self.page]) }

  @Test("groff has nothing against the page")
  func warnings() throws {
    let ended = try rendered()
    #expect(ended.status == 0)
    #expect(ended.errors == "")
    for head in ["NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
      #expect(ended.output.contains("\n\(head)\n"))
    }
  }

  @Test("the page has every command and option that the program has, and no other")
  func complete() throws {
    let folder = try Folder()
    let dump = try folder.file(try sizer("--experimental-dump-help").output, "help.json")
    let there = try python(
      """
      import json, sys
      for command in json.load(sys.stdin)["command"]["subcommands"]:
        if command["commandName"] == "help": continue
        names = [n["name"] for a in command.get("arguments", []) for n in a.get("names") or [] if n["kind"] == "long"]
        print(command["commandName"], *sorted(set(names) - {"help", "version"}))
      """, dump)
    var described: [String: Set<String>] = [:]
    var command = ""
    for line in try rendered().output.split(separator: "\n") {
      if line.hasPrefix("   "), !line.hasPrefix("    ") { command = String(line.dropFirst(3)) }
      if !line.hasPrefix(" ") { command = "" }
      guard !command.isEmpty else { continue }
      described[command, default: []].formUnion([])
      // An option's own line stands at this depth; the text about it is further to the right.
      guard line.hasPrefix("     -") else { continue }
      let words = line.split { " ,".contains($0) }.filter { $0.hasPrefix("--") }
      described[command]?.formUnion(words.map { String($0.dropFirst(2)) })
    }
    let written = described.map { ([$0.key] + $0.value.sorted()).joined(separator: " ") }
    #expect(written.sorted() == there.sorted())
    #expect(there.count == 22)
  }

  @Test("the page's examples are commands that work")
  func examples() throws {
    let folder = try Folder()
    var history = Samples.life
    history.snapshots[0].label = "idle"
    history.snapshots[2].label = "load"
    _ = try folder.profile(history, "server.sizer")
    // A command goes on where the next line is further to the right.
    let text = try rendered().output.replacing(/\n {13,}/, with: " ")
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    let commands = lines.filter { $0.hasPrefix("$ sizer ") && !$0.contains(">") }
    #expect(commands.count == 3)
    for command in commands {
      let line = "cd \(folder.path) && \"$0\" \(command.dropFirst("$ sizer ".count))"
      let ended = try run(["sh", "-c", line, sizerPath])
      #expect(ended.status == 0, "\(ended.errors)")
      #expect(!ended.output.isEmpty)
    }
  }

  @Test("bash takes the completions, and all three shells get the commands")
  func completions() throws {
    let folder = try Folder()
    for shell in ["bash", "zsh", "fish"] {
      let ended = try sizer("--generate-completion-script", shell)
      #expect(ended.status == 0)
      for command in [
        "run", "attach", "top", "summary", "stats", "diff", "html", "sql", "json", "csv", "symbolicate", "heap",
        "leaks", "why", "growth", "fleet", "info",
      ] {
        #expect(ended.output.contains(command))
      }
      guard shell == "bash" else { continue }
      let checked = try run(["bash", "-n", try folder.file(ended.output, "sizer.bash")])
      #expect(checked.status == 0, "\(checked.errors)")
    }
  }
}
