// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Real runs of tests that leak, by both runners.
@Suite("Runners fail tests that leak")
struct RunnerTests {
  private struct Ended {
    var status: Int32
    var output: String
  }

  /// Runs tests of this bundle in a process of their own.
  private func run(_ arguments: [String], leaking: Bool) throws -> Ended {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SWIFT_TESTING_") }
    environment["SIZER_PLANTED_LEAKS"] = leaking ? "1" : nil
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Ended(status: process.terminationStatus, output: text)
  }

  private static let swiftTesting = ["--testing-library", "swift-testing", "--filter", "PlantedTests"]

  @Test("Swift Testing: the leaking one of two tests that run at the same time")
  func swiftTesting() throws {
    let ended = try run(Self.swiftTesting, leaking: true)
    #expect(ended.status != 0)
    #expect(ended.output.contains("Test leaky() failed"))
    #expect(ended.output.contains("Test neat() passed"))
    #expect(ended.output.contains("leaked, proved: "))
    #expect(ended.output.contains("PlantedTests.swift"))
  }

  @Test("Swift Testing: without leaks both pass")
  func swiftTestingTidy() throws {
    let ended = try run(Self.swiftTesting, leaking: false)
    #expect(ended.status == 0, "\(ended.output)")
    #expect(ended.output.contains("Test leaky() passed"))
  }

  @Test("XCTest")
  func xctest() throws {
    let ended = try run(["SizerTestingTests.PlantedXCTests"], leaking: true)
    #expect(ended.status != 0)
    #expect(ended.output.contains("Executed 3 tests, with 2 failures"), "\(ended.output)")
    #expect(ended.output.contains("Test Case 'PlantedXCTests.testNeat' passed"))
    #expect(ended.output.contains("leaked, proved: "))
    let tidy = try run(["SizerTestingTests.PlantedXCTests"], leaking: false)
    #expect(tidy.status == 0, "\(tidy.output)")
    #expect(tidy.output.contains("Executed 3 tests, with 0 failures"))
  }
}
