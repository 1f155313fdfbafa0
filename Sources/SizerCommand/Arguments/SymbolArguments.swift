// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Where names are found that a profile or a heap image has not.
struct SymbolArguments: ParsableArguments {
  @Option(
    name: .customLong("symbols"),
    help: ArgumentHelp(
      "A measured program or library, its .debug file, or a folder of these; may be repeated.", valueName: "path"),
    completion: .file())
  var paths: [String] = []

  /// - Throws: ``Failure`` when a path leads nowhere.
  func sources() throws -> SymbolSources { try SymbolSources(paths) }
}
