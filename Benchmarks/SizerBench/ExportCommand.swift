// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "What forms for other programs cost, of a million objects: seconds, peak memory, bytes.")

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard options.input == nil else { throw ValidationError("export has no use for a document. Leave --input out.") }
  }

  func run() throws {
    let figures = try ExportBenchmark(objects: options.quick ? 50_000 : 1_000_000).run()
    print(options.json ? try figures.prettyJSON() : figures.description)
  }
}

/// One step, in a process whose peak memory is its own. What SizerBench itself starts.
struct ExportStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-step", abstract: "One step of export, as JSON.", shouldDisplay: false)

  @Argument var step: ExportStep
  @Argument(help: "The path of the image or profile.") var path: String
  @Argument(help: "How many objects are made.") var objects = 1

  func validate() throws {
    guard (1...100_000_000).contains(objects) else { throw ValidationError("Say 1 to 100,000,000 objects.") }
  }

  func run() throws {
    print(try step.run(path: path, objects: objects).prettyJSON())
  }
}

extension ExportStep: ExpressibleByArgument {}
