// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "What an image of the whole heap costs, and what is asked of it: for each object, beside a walk.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    let benchmark = GraphBenchmark(sizes: options.quick ? GraphBenchmark.quickSizes : GraphBenchmark.fullSizes)
    let figures = try benchmark.run(input: options.input)
    print(options.json ? try figures.prettyJSON() : figures.description)
  }
}

/// One heap, in a process that has nothing else. What SizerBench itself starts.
struct GraphStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph-step", abstract: "Images of one heap, as JSON.", shouldDisplay: false)

  @Argument(help: "What lives: a shape, or the path of a document.") var heap: String
  @Argument(help: "How many objects are made.") var objects = 1
  @Argument(help: "How often each thing is done.") var rounds = 3

  func validate() throws {
    guard (1...100_000_000).contains(objects), (1...1000).contains(rounds) else {
      throw ValidationError("Say 1 to 100,000,000 objects and 1 to 1,000 rounds.")
    }
  }

  func run() throws {
    print(try GraphStep(rounds: rounds).run(heap, objects: objects).prettyJSON())
  }
}
