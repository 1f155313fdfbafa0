// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerProfile

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "What a snapshot costs its host: pauses beside a bare fork, a busy thread's requests, monitoring.")

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard options.input == nil else { throw ValidationError("snapshot has no use for a document. Leave --input out.") }
  }

  func run() throws {
    let figures = try HostBenchmark(effort: options.quick ? .quick : .full).run()
    print(options.json ? try figures.prettyJSON() : figures.description)
  }
}

/// One heap, in a process that has nothing else. What SizerBench itself starts.
struct SnapshotHeapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot-heap", abstract: "Snapshots of one heap, as JSON.", shouldDisplay: false)

  @Argument(help: "The size of the live heap.") var mebibytes: Int
  @Argument(help: "How often each way is taken.") var rounds: Int
  @Argument(help: "How long the worker is watched before and after.") var milliseconds: Int
  @Flag(help: "Snapshots in place.") var inPlace = false
  @Flag(help: "By one thread.") var oneProcessor = false

  func validate() throws {
    guard (1...1 << 20).contains(mebibytes), (1...1_000_000).contains(rounds), (1...86_400_000).contains(milliseconds)
    else { throw ValidationError("Say 1 to 1,048,576 MiB, 1 to 1,000,000 rounds and 1 to 86,400,000 milliseconds.") }
  }

  func run() throws {
    ClassTracker.usesTwoProcessors = !oneProcessor
    let heap = HeapBenchmark(
      mebibytes: mebibytes, mode: inPlace ? .inPlace : .frozen, rounds: rounds,
      watch: .milliseconds(milliseconds))
    print(try heap.run().prettyJSON())
  }
}
