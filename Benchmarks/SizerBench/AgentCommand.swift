// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "What the preloaded agent costs a program: at its start, for a request, for an object made and freed.")

  @OptionGroup var options: BenchOptions

  @Option(
    help: ArgumentHelp("The library to preload, as ./build-agent makes it.", valueName: "file"), completion: .file())
  var agent = ".build-agent/libSizerAgent.so"

  func validate() throws {
    guard options.input == nil else { throw ValidationError("agent has no use for a document. Leave --input out.") }
  }

  func run() throws {
    let figures = try AgentBenchmark(agent: agent, isQuick: options.quick).run()
    print(options.json ? try figures.prettyJSON() : figures.description)
  }
}
