// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerAgent

/// The file of a program that is to be started, and what keeps it from being recorded.
struct ProgramFile {
  /// Where it was found.
  let path: String

  /// What it is called without folders.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Looks for a command as a shell does.
  ///
  /// - Throws: when there is none that can be started.
  init(command: String) throws {
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    let candidates =
      command.contains("/")
      ? [command]
      : folders.split(separator: ":", omittingEmptySubsequences: false).map { "\($0.isEmpty ? "." : $0)/\(command)" }
    guard let path = candidates.first(where: Self.canBeStarted) else {
      throw Failure(message: "\(command) is not a program that can be started; check its path and mode")
    }
    self.path = path
  }

  private static func canBeStarted(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// Why nothing can be recorded of it and what to do, as what follows the path in a sentence; nil when there is no
  /// such reason, and for what is no executable of its own: a script's programs are recorded.
  var obstacle: String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    if gainsRights(file) {
      return "runs with other rights than yours (setuid, setgid or file capabilities), so the loader preloads "
        + "nothing; run a copy without them"
    }
    guard let executable = ELFFile(file) else { return nil }
    return Self.obstacle(executable)
  }

  /// The malloc that it brings, as what follows the path in a sentence; nil when it takes libc's.
  var allocator: String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard let executable = ELFFile(file) else { return nil }
    if !executable.defined(of: ["malloc"]).isEmpty { return "has its own malloc" }
    let library = executable.libraries.first { name in ["malloc", "mimalloc"].contains { name.contains($0) } }
    return library.map { "is linked with \($0)" }
  }

  private static func obstacle(_ file: ELFFile) -> String? {
    if !file.hasInterpreter {
      return "is entirely statically linked, so there is no loader to preload anything; link it with "
        + "--static-swift-stdlib instead, or add the product SizerAgent to it"
    }
    let isSwift = file.hasSection("swift5_type_metadata") || file.hasSection("swift5_reflstr")
    guard isSwift, !file.libraries.contains("libswiftCore.so") else { return nil }
    if !file.hasSymbols {
      return "links Swift's standard library statically and its symbols were stripped; strip debug information only "
        + "(strip -g), or add the product SizerAgent to it"
    }
    let own = file.defined(of: ["malloc", "free", "malloc_usable_size"])
    if own.isSuperset(of: ["malloc", "free"]), !own.contains("malloc_usable_size") {
      return "brings an allocator that does not tell the size of a block; give it a malloc_usable_size"
    }
    return nil
  }

  // Where nothing is gained the loader does as always.
  private func gainsRights(_ file: Int32) -> Bool {
    var status = stat()
    guard fstat(file, &status) == 0 else { return false }
    let changesUser = status.st_mode & S_ISUID != 0 && status.st_uid != getuid()
    let changesGroup = status.st_mode & S_ISGID != 0 && status.st_gid != getgid()
    let hasCapabilities = getuid() != 0 && FileRights.hasCapabilities(file)
    return changesUser || changesGroup || hasCapabilities
  }
}
