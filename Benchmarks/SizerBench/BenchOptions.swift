// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What the root command and `walk` can be told.
struct BenchOptions: ParsableArguments {
  @Flag(help: "Fewer repetitions, and no graph of 10,000,000 objects.")
  var quick = false

  @Flag(help: "Print the graphs' figures as JSON, and nothing else.")
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
