// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph

/// The heap image that the commands of the heap take.
struct HeapImageArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The heap image's file, as HeapGraph.write(to:) writes it.", valueName: "image"),
    completion: .file())
  var path: String

  func load() throws -> HeapImage { try loadHeapImage(path) }
}

/// How much the commands of the heap print, and in which form.
struct HeapOutputArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The most rows to print.", valueName: "count"))
  var limit = 20

  @Flag(help: "Print JSON: one object, described in Documents/heap-json.md.")
  var json = false

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("'--limit' takes 0 or more.") }
  }
}

/// Reads an image, and says so when that takes long.
func loadHeapImage(_ path: String) throws -> HeapImage {
  do {
    return try withProgress("reading \(path)") { try HeapImage(contentsOf: path) }
  } catch let error as HeapImageError {
    throw Failure(message: heapImageMessage(error, path))
  }
}

private func heapImageMessage(_ error: HeapImageError, _ path: String) -> String {
  switch error.code {
  case .unreadable: "\(path) \(error.message)"
  case .notAnImage: "\(path) is no heap image; make one with HeapGraph.write(to:)"
  case .newerVersion: "\(path) was written by a later version of Sizer; use that version's sizer"
  case .corrupted: "\(path) is damaged: \(error.place): \(error.message)"
  }
}
