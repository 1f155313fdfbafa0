// SPDX-License-Identifier: Apache-2.0

import Testing

#if canImport(XCTest)
  import XCTest
#endif

/// The line of a test that a finding belongs to.
struct TestPlace: Sendable {
  private let location: SourceLocation
  /// XCTest takes nothing else.
  private let filePath: StaticString

  init(fileID: String, filePath: StaticString, line: UInt, column: Int) {
    location = SourceLocation(fileID: fileID, filePath: "\(filePath)", line: Int(line), column: column)
    self.filePath = filePath
  }

  /// The place of a test of Swift Testing's.
  init(_ location: SourceLocation) {
    self.location = location
    filePath = ""
  }

  /// Tells whichever runner runs the current test: Swift Testing, or XCTest.
  func record(_ finding: Finding) {
    if let observer = Finding.observer { return observer.hear(finding) }
    if Test.current != nil { return recordForSwiftTesting(finding) }
    #if canImport(XCTest)
      // Does nothing outside of an XCTest case.
      if finding.isFailure { XCTFail(finding.text, file: filePath, line: UInt(location.line)) }
    #endif
    // From a task or thread that Swift Testing knows of no test for: the run fails, if it is Swift Testing's.
    recordForSwiftTesting(finding)
  }

  private func recordForSwiftTesting(_ finding: Finding) {
    let comment = Comment(rawValue: finding.text)
    if finding.isFailure {
      Issue.record(comment, sourceLocation: location)
    } else {
      #if compiler(>=6.3)
        Issue.record(comment, severity: .warning, sourceLocation: location)
      #endif
    }
  }
}

/// What an expectation has to say.
package struct Finding: Sendable {
  package var text: String
  /// Whether the test fails; if not, it is told and nothing else.
  package var isFailure: Bool

  /// Who is told instead of the runner. For tests of the expectations.
  @TaskLocal package static var observer: FindingObserver?
}

/// Hears findings. An object and not a function: 6.3's optimiser loses the type of an optional function that another
/// module binds for what waits, and the runtime faults.
package final class FindingObserver: Sendable {
  let hear: @Sendable (Finding) -> Void

  /// One that hands them on.
  package init(_ hear: @escaping @Sendable (Finding) -> Void) { self.hear = hear }
}
