// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "What a profile of a million objects costs: on disk, to write, to load, as HTML.")

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard options.input == nil else { throw ValidationError("profile has no use for a document. Leave --input out.") }
  }

  func run() throws {
    let figures = try ProfileBenchmark(objects: options.quick ? 100_000 : 1_000_000).run()
    print(options.json ? try figures.prettyJSON() : figures.description)
  }
}

/// One step, in a process whose peak memory is its own. What SizerBench itself starts.
struct ProfileStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile-step", abstract: "One step of profile, as JSON.", shouldDisplay: false)

  @Argument var step: ProfileStep
  @Argument(help: "The profile's path.") var path: String
  @Argument(help: "How many objects are made.") var objects = 1

  func validate() throws {
    guard (1...100_000_000).contains(objects) else { throw ValidationError("Say 1 to 100,000,000 objects.") }
  }

  func run() throws {
    print(try step.run(path: path, objects: objects).prettyJSON())
  }
}

extension ProfileStep: ExpressibleByArgument {}
