// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TrackingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tracking",
    abstract: "What tracking a class costs: for each object made and freed, in memory, at snapshots, in a server.")

  @OptionGroup var options: BenchOptions

  @Option(
    help: ArgumentHelp(
      "Only the loops whose title has this in it, or one of: memory, snapshots, server, peers.", valueName: "text"))
  var only: String?

  func validate() throws {
    guard options.input == nil else { throw ValidationError("tracking has no use for a document. Leave --input out.") }
    do { try benchmark.validate() } catch { throw ValidationError(error.description) }
  }

  private var benchmark: TrackingBenchmark { TrackingBenchmark(effort: options.quick ? .quick : .full, only: only) }

  func run() throws {
    let figures = try benchmark.run()
    print(options.json ? try figures.json() : figures.description)
  }
}
