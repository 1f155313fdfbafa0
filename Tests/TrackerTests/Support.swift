// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

extension ClassTracker {
  /// What is recorded under a name, in the order of tracking.
  func objects(_ name: String) -> [TrackedObject] { statistics.objects.filter { $0.name == name } }

  /// How many objects of that name a new snapshot finds alive.
  func active(_ name: String) throws -> Int { try createSnapshot().classes[name]?.active ?? 0 }
}

/// `body` throws an error of this code that names a place and says something.
func expectError(
  _ code: SizerError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  #expect(sourceLocation: sourceLocation) {
    try body()
  } throws: { error in
    guard let error = error as? SizerError else { return false }
    return error.code == code && error.operation.hasPrefix("ClassTracker") && isWellFormed(error)
  }
}

/// The text that is printed, as lines.
func lines(_ print: (inout String) -> Void) -> [String] {
  var output = ""
  print(&output)
  return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}
