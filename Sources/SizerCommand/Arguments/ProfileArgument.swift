// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

/// The profile that most commands take.
struct ProfileArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The profile's file.", valueName: "profile"), completion: .file(extensions: ["sizer"]))
  var path: String

  func load() throws(ProfileError) -> Statistics { try loadProfile(path) }
}

/// Reads a profile, and says so when that takes long.
func loadProfile(_ path: String) throws(ProfileError) -> Statistics {
  do {
    return try withProgress("reading \(path)") { try Statistics(contentsOf: path) }
  } catch let error as ProfileError {
    throw error
  } catch {
    // Nothing else is thrown above; `rethrows` can't say so.
    throw ProfileError(
      .ioFailure, "Statistics(contentsOf:)", path: path, "can't be read: \(error)", advice: "report it with the file")
  }
}
