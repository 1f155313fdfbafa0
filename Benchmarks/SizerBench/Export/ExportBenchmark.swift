// SPDX-License-Identifier: Apache-2.0

import Foundation

/// All that `export` measures, each step in a process of its own.
struct ExportBenchmark {
  var objects: Int
  private let progress = Progress()

  init(objects: Int) { self.objects = objects }

  func run() throws -> ExportReport {
    let folder = FileManager.default.temporaryDirectory.appending(path: "SizerBench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
      progress.clear()
      try? FileManager.default.removeItem(at: folder)
    }
    let image = folder.appending(path: "a.heap").path
    let profile = folder.appending(path: "a.sizer").path
    let made = try step(.makeImage, image)
    let recorded = try step(.makeProfile, profile)
    guard made.objects == objects, recorded.objects == objects else {
      throw BenchError("\(objects.grouped) objects were to be made: \(made), \(recorded)")
    }
    var rows: [ExportFigures] = []
    for form in [ExportStep.heapsnapshot, .retained, .massif, .births] {
      let row = try step(form, form == .births ? profile : image)
      guard row.objects == objects, row.bytes > 0 else { throw BenchError("\(form) wrote \(row)") }
      rows.append(row)
    }
    return ExportReport(objects: objects, references: made.references, rows: rows)
  }

  private func step(_ step: ExportStep, _ path: String) throws -> ExportFigures {
    progress.show("\(objects.grouped) objects: \(step)")
    return try ChildProcess.run(["export-step", step.rawValue, path, String(objects)], as: ExportFigures.self)
  }
}
