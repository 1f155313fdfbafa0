// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct WalkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "walk",
    abstract: "What sizing costs, per object, next to a walk in C and to Mirror.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    try WalkReport.print(options.quick ? .quick : .full, options)
  }
}
