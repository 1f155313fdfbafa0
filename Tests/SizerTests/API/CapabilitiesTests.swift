// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

@Suite("HeapSizer.capabilities")
struct CapabilitiesTests {
  @Test("this process runs on jemalloc, and sees every object")
  func here() {
    let capabilities = HeapSizer.capabilities
    #expect(capabilities.allocator.name.hasPrefix("jemalloc 5"))
    #expect(capabilities.allocator.isExact)
    #expect(capabilities.allocator.reason == "")
    #expect(capabilities.allocationHook.state == .replaced, "\(capabilities.allocationHook.reason)")
    #expect(capabilities.allocationHook.reason == "")
    #expect(capabilities.overheadBytes > 0)
  }

  /// This very program again, with another setting, running suites of the zoo that must then hold as well.
  private func run(entryPoints: String, filter: String) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--testing-library", "swift-testing", "--filter", filter]
    process.environment = ProcessInfo.processInfo.environment.merging(["SIZER_ENTRY_POINTS": entryPoints]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test("without the census classes and collections are sized as exactly", arguments: ["interpose", "off"])
  func fallback(_ setting: String) throws {
    let result = try run(entryPoints: setting, filter: "WithAnyHook")
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("4 tests"), "\(result.output)")
  }

  @Test("a setting says why the census is missing", arguments: ["interpose", "off"])
  func reason(_ setting: String) throws {
    let result = try run(entryPoints: setting, filter: "CapabilitiesTests/here")
    #expect(result.status != 0)
    #expect(result.output.contains("SIZER_ENTRY_POINTS=\(setting)"), "\(result.output)")
  }
}
