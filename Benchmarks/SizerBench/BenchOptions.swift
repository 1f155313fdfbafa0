// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What every command can be told.
struct BenchOptions: ParsableArguments {
  @Flag(help: "Fewer repetitions, and nothing of the largest size.")
  var quick = false

  @Flag(help: "Print the figures as JSON, and nothing else.")
  var json = false

  @Option(
    help: ArgumentHelp("Size this document instead of the bakery's: .json, .yaml or .yml.", valueName: "file"),
    completion: .file(extensions: ["json", "yaml", "yml"]))
  var input: String?

  func validate() throws {
    if json, input != nil {
      throw ValidationError("--json prints the graphs' figures; a document has no part in them. Leave --input out.")
    }
  }
}
