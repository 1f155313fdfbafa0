// SPDX-License-Identifier: Apache-2.0

import Foundation

/// All that `profile` measures, each step in a process of its own.
struct ProfileBenchmark {
  var objects: Int
  private let progress = Progress()

  init(objects: Int) { self.objects = objects }

  func run() throws -> ProfileFigures {
    let folder = FileManager.default.temporaryDirectory.appending(path: "SizerBench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
      progress.clear()
      try? FileManager.default.removeItem(at: folder)
    }
    let constant = folder.appending(path: "constant.sizer").path
    let changing = folder.appending(path: "changing.sizer").path
    let first = try run(.writeConstant, constant)
    let written = try run(.writeChanging, changing)
    guard first.objects == objects, written.sizes > first.sizes, written.sizedObjects == first.sizedObjects else {
      throw BenchError("\(objects.grouped) objects were to be made: \(first), \(written)")
    }
    let steps = try [ProfileStep.load, .topTen, .html].map { step in
      let result = try run(step, changing)
      guard (result.objects, result.snapshots, result.sizes) == (written.objects, written.snapshots, written.sizes)
      else { throw BenchError("\(step) found \(result), written were \(written)") }
      return StepFigures(step, result)
    }
    let files = ProfileFigures.Files(
      constant: try length(constant), changing: try length(changing), html: try length(changing + ".html"))
    return ProfileFigures(
      written: written, constant: first, files: files, steps: [StepFigures(.writeChanging, written)] + steps)
  }

  private func run(_ step: ProfileStep, _ path: String) throws -> ProfileStepResult {
    progress.show("\(objects.grouped) objects: \(step)")
    return try ChildProcess.run(
      ["profile-step", step.rawValue, path, String(objects)], as: ProfileStepResult.self)
  }

  private func length(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    guard let length = attributes[.size] as? NSNumber else { throw BenchError("\(path) has no length") }
    return length.intValue
  }
}
