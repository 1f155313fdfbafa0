// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

/// What a command that writes a file may do to one that is there.
struct ForceArgument: ParsableArguments {
  @Flag(help: "Replace an existing file.")
  var force = false
}

/// Where a command writes that prints unless told otherwise.
struct OutputArgument: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write; standard output by default.", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var force: ForceArgument

  /// Where that is; see ``outputTarget(_:replaces:reading:)``.
  func target(reading profile: String) throws -> OutputTarget {
    try outputTarget(output ?? "-", replaces: force.force, reading: profile)
  }

  /// Begins to write there.
  func begin(_ target: OutputTarget) throws -> Output {
    Output(try OutputFile(target, replaces: force.force, keepsOwner: true))
  }
}

/// Where a path leads to, `-` to standard output. To be asked before any work is done.
///
/// - Parameters:
///   - replaces: Whether what is there may be replaced.
///   - profile: The profile that is read and must not be written; nil if it may.
/// - Throws: when nothing can be written there, or something is there that must stay.
func outputTarget(_ path: String, replaces: Bool, reading profile: String?) throws -> OutputTarget {
  let target = path == "-" ? .standardOutput : try OutputTarget(path: path)
  // A profile that is being recorded is three files.
  if let profile, ["", "-wal", "-shm"].contains(where: { target.isSame(as: profile + $0) }) {
    throw Failure(message: "\(target.path) is the profile being read; write to another file")
  }
  guard replaces || !target.destroys else {
    throw Failure(message: "\(target.path) already exists; add --force to replace it, or name another file")
  }
  return target
}
