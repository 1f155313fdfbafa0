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
    #expect(capabilities.tasks.isAvailable && capabilities.tasks.reason == "")
    #expect(capabilities.tracking.isLockFree && capabilities.tracking.reason == "")
    #expect(capabilities.memoryReturn.isAvailable && capabilities.memoryReturn.reason == "")
    #expect(capabilities.description.split(separator: "\n").last == "tasks: found")
    #expect(capabilities.overheadBytes > 0)
  }

  @Test("this toolchain's Swift keeps its words where Sizer reads them")
  func runtime() {
    let runtime = HeapSizer.capabilities.runtime
    #expect(
      runtime.map(\.name) == [
        "object headers", "ends of objects", "reference counts", "side tables", "boxes", "error boxes", "tasks",
        "arrays", "dictionaries", "sets", "strings",
      ])
    for part in runtime { #expect(part.state == .holds && part.reason == "", "\(part)") }
    #expect(HeapSizer.capabilities.description.split(separator: "\n")[2] == "runtime: as expected")
  }

  @Test("what is otherwise in this Swift, or was not asked, is told with its reason")
  func otherwise() {
    var capabilities = HeapSizer.capabilities
    capabilities.runtime = [
      RuntimeAssumption(name: "boxes", state: .holds, reason: ""),
      RuntimeAssumption(name: "arrays", state: .broken, reason: "they are others: nobody knows"),
      RuntimeAssumption(name: "sets", state: .unchecked, reason: "nobody asked"),
    ]
    #expect(
      capabilities.description.split(separator: "\n")[2]
        == "runtime: arrays: broken (they are others: nobody knows); sets: unchecked (nobody asked)")
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
