// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// What `-o` may write to, and what it leaves alone.
@Suite("Where sizer writes")
struct OutputTests {
  private let folder: Folder
  private let profile: String
  /// Each command that takes `-o`, with what else it needs.
  static let commands = ["html", "json", "csv", "symbolicate"]

  init() throws {
    folder = try Folder()
    // Others than the owner must get there.
    chmod(folder.path, 0o755)
    profile = try folder.profile(Samples.life)
    chmod(profile, 0o644)
  }

  /// Whether a file or what was printed is what the command makes.
  private func isWhole(_ text: String, _ command: String) -> Bool {
    switch command {
    case "html": text.hasPrefix("<!DOCTYPE html>") && text.hasSuffix("</html>\n")
    case "json": text.hasPrefix("{\"format\":\"sizer-profile\"") && text.hasSuffix("}}\n")
    case "csv": text.hasPrefix("snapshot,label,time") && text.hasSuffix("\n")
    default: text.hasPrefix("SQLite format 3\0")
    }
  }

  private func status(of path: String) throws -> stat {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw ChildError(description: "\(path) is not there") }
    return status
  }

  private func shell(_ line: String, _ more: String...) throws -> Ended {
    try run(["bash", "-c", "umask 022; \(line)", sizerPath, profile, folder.path] + more)
  }

  @Test("a new file is its owner's alone; one that is there stays unless --force is given", arguments: commands)
  func force(_ command: String) throws {
    let file = folder.path("out")
    #expect(try sizer(command, profile, "-o", file).status == 0)
    #expect(isWhole(try contents(of: file), command))
    #expect(try status(of: file).st_mode & 0o777 == 0o600)
    let old = try folder.file("old", "old")
    let refused = try sizer(command, profile, "-o", old)
    #expect(refused.status == 1)
    #expect(refused.output == "")
    #expect(refused.errors == "sizer: \(old) already exists; add --force to replace it, or name another file\n")
    #expect(try contents(of: old) == "old")
    #expect(try sizer(command, profile, "-o", old, "--force").status == 0)
    #expect(isWhole(try contents(of: old), command))
    #expect(folder.files == ["old", "out", "p.sizer"])
  }

  @Test("what replaces a file keeps its rights and owner; another name of the old one keeps what was there")
  func replaced() throws {
    let old = try folder.file("old", "old")
    #expect(link(old, folder.path("other")) == 0)
    chmod(old, 0o640)
    // Only the superuser can give a file away.
    let isGiven = chown(old, 65_534, 65_534) == 0
    let before = try status(of: old)
    #expect(isGiven == (geteuid() == 0))
    #expect(try sizer("html", profile, "-o", old, "--force").status == 0)
    let after = try status(of: old)
    #expect(after.st_mode == before.st_mode)
    #expect(after.st_uid == before.st_uid)
    #expect(after.st_gid == before.st_gid)
    #expect(after.st_ino != before.st_ino)
    #expect(try contents(of: folder.path("other")) == "old")
  }

  @Test("a link stays a link, and what it leads to is replaced, or made", arguments: commands)
  func links(_ command: String) throws {
    #expect(mkdir(folder.path("d"), 0o755) == 0)
    #expect(symlink("d/file", folder.path("link")) == 0)
    #expect(symlink("link", folder.path("chain")) == 0)
    // Leads to nothing yet.
    #expect(try sizer(command, profile, "-o", folder.path("chain")).status == 0)
    #expect(isWhole(try contents(of: folder.path("d/file")), command))
    #expect(try sizer(command, profile, "-o", folder.path("chain")).status == 1)
    _ = try folder.file("old", "d/file")
    #expect(try sizer(command, profile, "-o", folder.path("chain"), "--force").status == 0)
    #expect(isWhole(try contents(of: folder.path("d/file")), command))
    for link in ["link", "chain"] { #expect(try status(of: folder.path(link)).st_mode & S_IFMT == S_IFLNK) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("d")) == ["file"])
  }

  @Test("what is no file is written to and stays what it is", arguments: commands)
  func streams(_ command: String) throws {
    let devices = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1", "-"]
    let before = try (devices.dropLast() + ["/dev/null"]).map { try status(of: $0).st_mode }
    for device in devices {
      // A file, a pipe, a socket, and a file that has something already.
      let file = try shell("\"$0\" \(command) \"$1\" -o \(device) --force > \"$2/file\"")
      #expect(file.status == 0, "\(device): \(file.errors)")
      #expect(isWhole(try contents(of: folder.path("file")), command), "\(device)")
      let pipe = try shell("set -o pipefail; \"$0\" \(command) \"$1\" -o \(device) | cat > \"$2/piped\"")
      #expect(pipe.status == 0, "\(device): \(pipe.errors)")
      #expect(try contents(of: folder.path("piped")) == contents(of: folder.path("file")))
      let appended = try shell("echo before > \"$2/more\"; \"$0\" \(command) \"$1\" -o \(device) >> \"$2/more\"")
      #expect(appended.status == 0, "\(device): \(appended.errors)")
      #expect(try contents(of: folder.path("more")) == "before\n" + contents(of: folder.path("file")))
    }
    #expect(try sizer(command, profile, "-o", "/dev/null").status == 0)
    #expect(try (devices.dropLast() + ["/dev/null"]).map { try status(of: $0).st_mode } == before)
    let full = try sizer(command, profile, "-o", "/dev/full")
    #expect(full.status == 1)
    #expect(
      full.errors.hasSuffix(
        "sizer: /dev/full can't be written: No space left on device; free some room or choose another disk\n"))
    let fifo = try shell(
      "mkfifo \"$2/fifo\"; cat \"$2/fifo\" > \"$2/read\" & \"$0\" \(command) \"$1\" -o \"$2/fifo\" && wait")
    #expect(fifo.status == 0, "\(fifo.errors)")
    #expect(isWhole(try contents(of: folder.path("read")), command))
    #expect(try status(of: folder.path("fifo")).st_mode & S_IFMT == S_IFIFO)
    #expect(folder.files == ["fifo", "file", "more", "p.sizer", "piped", "read"])
  }

  @Test("a socket that standard output is gets all")
  func socket() throws {
    let program = """
      import socket, subprocess, sys
      mine, theirs = socket.socketpair()
      child = subprocess.Popen([sys.argv[1], "csv", sys.argv[2], "-o", "/dev/stdout"], stdout=theirs)
      theirs.close()
      text = b"".join(iter(lambda: mine.recv(65536), b""))
      sys.stdout.buffer.write(text)
      sys.exit(child.wait())
      """
    let ended = try run(["python3", "-c", program, sizerPath, profile])
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(isWhole(ended.output, "csv"))
  }

  @Test("what can be no file is refused in one line, and nothing is left", arguments: commands)
  func refused(_ command: String) throws {
    #expect(symlink("b", folder.path("a")) == 0)
    #expect(symlink("a", folder.path("b")) == 0)
    #expect(symlink("none/file", folder.path("lost")) == 0)
    _ = try folder.file("old", "old")
    let before = folder.files
    let advice = "choose a folder that exists and that you may write to"
    for (path, reason) in [
      (folder.path, "is a folder; name a file"), (folder.path("new/"), "is a folder; name a file"),
      (folder.path + "/.", "is a folder; name a file"), (folder.path + "/..", "is a folder; name a file"),
      (folder.path("a"), "can't be written: Too many levels of symbolic links; \(advice)"),
      (folder.path("lost"), "can't be made: No such file or directory; \(advice)"),
      (folder.path("none/file"), "can't be made: No such file or directory; \(advice)"),
      (folder.path("old/file"), "can't be written: Not a directory; \(advice)"),
      ("", "is no path that a file can have; give one that is not empty and holds no zero byte"),
      ("/dev/fd/77", "can't be written: Bad file descriptor; open it for writing"),
    ] {
      let ended = try sizer(command, profile, "-o", path, "--force")
      #expect(ended.status == 1)
      #expect(ended.output == "")
      #expect(ended.errors == "sizer: \(path) \(reason)\n")
    }
    #expect(folder.files == before)
  }

  @Test("the profile that is read is not written, by whatever name, unless it is to be written anew")
  func same() throws {
    #expect(symlink(profile, folder.path("link")) == 0)
    #expect(link(profile, folder.path("hard")) == 0)
    let before = try contents(of: profile)
    for command in ["html", "json", "csv"] {
      for path in [profile, folder.path("link"), folder.path("hard"), folder.path("./p.sizer")] {
        let ended = try sizer(command, profile, "-o", path, "--force")
        #expect(ended.status == 1)
        #expect(ended.errors == "sizer: \(path) is the profile being read; write to another file\n")
      }
      let printed = try shell("\"$0\" \(command) \"$1\" -o - >> \"$1\"")
      #expect(printed.errors == "sizer: standard output is the profile being read; write to another file\n")
    }
    #expect(try contents(of: profile) == before)
    #expect(try sizer("symbolicate", profile, "-o", profile).status == 1)
    #expect(try contents(of: profile) == before)
    #expect(try sizer("symbolicate", profile, "-o", profile, "--force").status == 0)
    #expect(try Statistics(contentsOf: profile).history == Samples.life)
  }

  @Test("a limit on file sizes is told as a full disk is, and nothing half-written is left", arguments: commands)
  func limited(_ command: String) throws {
    let old = try folder.file("old", "old")
    for path in [folder.path("new"), old] {
      // In blocks of 1,024 bytes: all of them write more.
      let ended = try shell("ulimit -f 0; \"$0\" \(command) \"$1\" -o \"$3\" --force", path)
      #expect(ended.status == 1)
      #expect(ended.errors.split(separator: "\n").count == 1)
      #expect(ended.errors.contains("File too large"), "\(ended.errors)")
    }
    #expect(try contents(of: old) == "old")
    #expect(folder.files == ["old", "p.sizer"])
  }

  @Test("without rights there is one line, and nothing changes", arguments: commands)
  func forbidden(_ command: String) throws {
    #expect(mkdir(folder.path("d"), 0o755) == 0)
    let old = try folder.file("old", "d/old")
    chmod(old, 0o666)
    // Whoever is no superuser is locked out of a folder of their own.
    chmod(folder.path("d"), 0o555)
    defer { chmod(folder.path("d"), 0o755) }
    for path in [folder.path("d/new"), old] {
      let ended = try asNobody([sizerPath, command, profile, "-o", path, "--force"])
      #expect(ended.status == 1)
      #expect(ended.errors.hasPrefix("sizer: \(path) can't be "))
      #expect(ended.errors.contains(": Permission denied"))
      #expect(ended.errors.split(separator: "\n").count == 1)
    }
    #expect(try contents(of: old) == "old")
  }

  @Test("somebody else's link in a folder where everybody may write is not followed")
  func foreignLink() throws {
    // A link of one's own is. Only the superuser can make one that is somebody else's.
    #expect(mkdir(folder.path("tmp"), 0o777) == 0)
    chmod(folder.path("tmp"), 0o1777)
    let victim = try folder.file("old", "victim")
    let trap = folder.path("tmp/report")
    #expect(symlink(victim, trap) == 0)
    #expect(try sizer("html", profile, "-o", trap, "--force").status == 0)
    guard geteuid() == 0 else { return #expect(isWhole(try contents(of: victim), "html")) }
    _ = try folder.file("old", "victim")
    #expect(lchown(trap, 65_534, 65_534) == 0)
    let ended = try sizer("html", profile, "-o", trap, "--force")
    #expect(ended.status == 1)
    #expect(try contents(of: victim) == "old")
  }

  @Test("closed standard output is told, and no file that is opened takes its place")
  func closed() throws {
    for command in ["json", "csv", "stats"] {
      let ended = try shell("\"$0\" \(command) \"$1\" >&-")
      #expect(ended.status == 1)
      #expect(ended.errors == "sizer: standard output can't be written: Bad file descriptor; open it for writing\n")
    }
    // What goes to a file needs none.
    let ended = try shell("\"$0\" json \"$1\" -o \"$2/out\" >&- <&-")
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(isWhole(try contents(of: folder.path("out")), "json"))
  }

  @Test("a pipe whose reader has had enough ends it by the usual signal", arguments: commands)
  func brokenPipe(_ command: String) throws {
    var history = Samples.life
    history.objects = (0..<5_000).map { _ in history.objects[1] }
    let long = try folder.profile(history, "long")
    // The table of classes is shorter than what a pipe holds.
    let arguments = command == "csv" ? "csv --table objects" : command
    let ended = try run([
      "bash", "-c", "\"$0\" \(arguments) \"$1\" -o /dev/stdout | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}",
      sizerPath, long,
    ])
    #expect(ended.status == 128 + SIGPIPE)
    #expect(ended.errors == "")
  }

  /// Runs a program as somebody without rights: as it is, unless we have all of them.
  private func asNobody(_ command: [String]) throws -> Ended {
    guard geteuid() == 0 else { return try run(command) }
    return try run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + command)
  }
}
