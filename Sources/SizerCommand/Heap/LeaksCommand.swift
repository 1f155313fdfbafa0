// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct LeaksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaks",
    abstract: "List the leaks of a heap image, grouped by shape.",
    discussion: """
      One image proves nothing. With a second one of the same process, made later, groups are proved that both show \
      closed, if every thread has gone on between them. A profile with several images has them all.
      """)

  @OptionGroup var image: HeapImageArgument

  @Argument(help: ArgumentHelp("An image of the same process, made later.", valueName: "later"), completion: .file())
  var later: String?

  @Flag(help: "Exit with status 1 if a leak is proved.")
  var fail = false

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let leaks = try find()
    var output = Output()
    if form.json {
      writeObject(to: &output) { $0.leaks(leaks, limit: form.limit) }
    } else {
      write(leaks, to: &output)
    }
    try output.finish()
    if fail, leaks.contains(where: { $0.grade == .proved }) { throw ExitCode.failure }
  }

  private func find() throws -> [LeakGroup] {
    if let later {
      let (first, second) = (try image.load(), try HeapSource(later, image.symbols).image(named: nil))
      try refuseOthers([(image.path, first.info.processID), (later, second.info.processID)])
      return second.leaks(confirming: first)
    }
    let source = try HeapSource(image.path, image.symbols)
    return try source.leaks(at: try source.position(named: image.snapshot))
  }

  private func text(of leak: LeakGroup) -> String {
    let sight = leak.observers.isEmpty ? "" : ", seen by " + leak.observers.joined(by: ", ", limit: 1 << 14)
    return "\(leak.grade.rawValue): \(leak.cycle)\(sight)"
  }

  private func write(_ leaks: [LeakGroup], to output: inout Output) {
    var table = HeapTable(heads: ["groups", "objects", "bytes", "grade and cycle"], nothing: "no leak was found")
    for leak in leaks {
      table.add([.count(leak.groupCount), .count(leak.objectCount), .bytes(leak.bytes)], text(of: leak))
    }
    table.write(to: &output, limit: form.limit, wrapping: true)
    for leak in leaks.prefix(form.limit) {
      guard let birth = leak.births.first else { continue }
      output.write(
        "\(birth.count) of \(counted(leak.objectCount, "object")) of \(leak.signature) "
          + "\(birth.count == 1 ? "was" : "were") made in\n"
      )
      for frame in birth.frames.prefix(8) { output.write("    \(FittedText(frame, in: 75).text)\n") }
    }
    let proved = leaks.filter { $0.grade == .proved }
    output.write(
      "\(proved.count) proved, \(counted(proved.reduce(0) { $0 + $1.bytes }, "byte")); "
        + "\(leaks.count - proved.count) not proved\n"
    )
  }
}
