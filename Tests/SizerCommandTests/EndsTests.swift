// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import TestSupport
import Testing

@Suite("How sizer ends")
struct EndsTests {
  /// A profile whose text is longer than a pipe holds.
  private func long() throws -> String {
    var history = Samples.life
    history.objects = (0..<5_000).map { _ in history.objects[1] }
    return try Folder.profile(history)
  }

  @Test("failed work ends with 1 and one line that says what and what to do")
  func failures() throws {
    let folder = try Folder()
    let cases = [
      ("\(folder.path)/nothing", "can't be opened: there is no such file or folder; check the path"),
      (folder.path, "is a folder; name a file"),
      (
        try folder.file("some text", "text"),
        "is not a profile of Sizer: it is no SQLite database; name a file that Sizer wrote"
      ),
      (try folder.file("", "empty"), "is empty: it is no profile; name a file that Sizer wrote"),
    ]
    for (path, message) in cases {
      for command in ["summary", "stats", "json", "csv", "diff", "sql"] {
        let ended = try sizer(command, path)
        #expect(ended.status == 1)
        #expect(ended.output == "")
        #expect(ended.errors == "sizer: \(path) \(message)\n")
      }
    }
  }

  @Test("what a path holds does not reach the terminal as it is")
  func hostilePath() throws {
    let ended = try sizer("summary", "a\nb\u{1B}[31m")
    #expect(
      ended.errors == #"sizer: a\nb\u{1b}[31m can't be opened: there is no such file or folder; check the path"# + "\n")
  }

  @Test(
    "a reader that has had enough ends it by the usual signal, also when the parent ignores that",
    arguments: [false, true])
  func brokenPipe(_ isIgnored: Bool) throws {
    let path = try long()
    for command in ["stats --all", "json"] {
      let ended = try run(
        isIgnored
          ? ["sh", "-c", "trap '' PIPE; \"$0\" \(command) \"$1\" | head -n 1", sizerPath, path]
          : ["bash", "-c", "\"$0\" \(command) \"$1\" | head -n 1; exit ${PIPESTATUS[0]}", sizerPath, path])
      #expect(ended.output.split(separator: "\n").count == 1)
      #expect(ended.errors == "")
      #expect(ended.status == (isIgnored ? 0 : 128 + SIGPIPE))
    }
  }

  @Test("a full disk under standard output is told")
  func fullDisk() throws {
    let ended = try run(["sh", "-c", "exec \"$0\" stats \"$1\" >/dev/full", sizerPath, try long()])
    #expect(ended.status == 1)
    #expect(
      ended.errors
        == "sizer: standard output can't be written: No space left on device; free some room or choose another disk\n")
  }

  @Test("html writes a file that only its owner reads, or says why not")
  func html() throws {
    let folder = try Folder()
    let profile = try folder.profile(Samples.hostile)
    let page = "\(folder.path)/report.html"
    let ended = try sizer("html", profile, "-o", page, "--title", "a <b> & c")
    #expect(ended.status == 0)
    #expect(ended.output == "")
    #expect(ended.errors == "")
    let text = try contents(of: page)
    #expect(text.hasPrefix("<!doctype html>") || text.hasPrefix("<!DOCTYPE html>"))
    #expect(text.contains("a &lt;b&gt; &amp; c"))
    #expect(!text.contains("<script>alert(1)"))
    var status = stat()
    #expect(stat(page, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    // Without a name it lies beside the profile, and is never overwritten.
    let own = try folder.profile(Samples.life, "own.sizer")
    let beside = try sizer("html", own)
    #expect(beside.status == 0)
    #expect(beside.output == "wrote the report to \(folder.path)/own.html\n")
    #expect(try contents(of: "\(folder.path)/own.html").contains("<h1><bdi>own.sizer</bdi></h1>"))
    let again = try sizer("html", own, "--title", "written twice")
    #expect(again.status == 1 && again.errors.contains("own.html already exists; add --force"))
    #expect(try !contents(of: "\(folder.path)/own.html").contains("written twice"))
    #expect(try sizer("html", own, "--title", "written twice", "--force").status == 0)
    #expect(try contents(of: "\(folder.path)/own.html").contains("written twice"))
    let refused = try sizer("html", profile, "--output", "\(folder.path)/no/report.html")
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("sizer: \(folder.path)/no/report.html can't be made: "))
    #expect(refused.errors.split(separator: "\n").count == 1)
  }
}
