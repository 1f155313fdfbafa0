// SPDX-License-Identifier: Apache-2.0
import Testing

/// Programs that are built beside `sizer` and take numbers.
private func benchmark(_ name: String, _ arguments: [String]) throws -> Ended {
  try run([String(sizerPath.dropLast("sizer".count)) + name] + arguments)
}

@Suite("Benchmarks are told odd numbers")
struct BenchmarkInputTests {
  @Test(
    "TrackingFloor answers with a time",
    arguments: [
      "10000 2 8", "1 1 0", "64 1 10000", "1000 64 100", "1000 2 0 500", "1000 2 0 500 1", "1000 2 3 1 256",
    ])
  func good(numbers: String) throws {
    let ended = try benchmark("TrackingFloor", numbers.split(separator: " ").map { String($0) })
    #expect(ended.status == 0, "\(ended)")
    let answer = ended.output.split(separator: "\n").last.flatMap { Double($0) }
    #expect(try #require(answer) >= 0)
    #expect(ended.errors.isEmpty)
  }

  @Test(
    "TrackingFloor refuses what it can't count or run",
    arguments: [
      "0 1 0", "1 0 0", "1 1 -1", "-1 1 0", "1 1", "1 1 0 0", "1 1 0 100000001", "1 1 1 1 1 1", "1 1 1 1 0",
      "1 1 1 1 257", "1 1 1 2 2", "1 x 1 1", "1.5 1 0",
      "9223372036854775807 2 0",
      "9223372036854775808 1 0", "1 1000000 0", "1 1 1000000000", "1 9223372036854775807 9223372036854775807",
    ])
  func bad(numbers: String) throws {
    let ended = try benchmark("TrackingFloor", numbers.split(separator: " ").map { String($0) })
    #expect(ended.status == 64, "\(ended)")
    #expect(ended.errors.hasPrefix("usage: TrackingFloor"))
  }

  @Test("SizerBench says what tracking can be asked for", arguments: ["zzz", "(a)", "snapshot", "1,000,000 living"])
  func only(text: String) throws {
    let ended = try benchmark("SizerBench", ["tracking", "--quick", "--only", text])
    #expect(ended.status == 64, "\(ended)")
    for there in ["memory, snapshots, server, peers", "(d) its class tracked", "(d) tracked, one of 100,000 living"] {
      #expect(ended.errors.contains(there), "\(ended)")
    }
  }

  @Test("LinkedServer refuses what it can't track", arguments: ["", "everything", "classes traces"])
  func unknown(arguments: String) throws {
    let ended = try benchmark("LinkedServer", arguments.split(separator: " ").map { String($0) })
    #expect(ended.status == 64, "\(ended)")
    #expect(ended.errors.hasPrefix("usage: LinkedServer"))
  }

  @Test(
    "SizerBench refuses what it can't run",
    arguments: [
      "snapshot-heap 0 1 1", "snapshot-heap 1 0 1", "snapshot-heap 1 1 0", "snapshot-heap 9223372036854775807 1 1",
      "snapshot-heap 1 9223372036854775807 1", "snapshot-heap 1 1 9223372036854775807", "profile-step load /x 0",
      "profile-step load /x 9223372036854775807", "tracking --input x", "nothing",
      "tracking --only zzz", "tracking --only=",
      "export-step heapsnapshot /x 0", "export --input x",
    ])
  func benchmarks(arguments: String) throws {
    let ended = try benchmark("SizerBench", arguments.split(separator: " ").map { String($0) })
    #expect(ended.status == 64, "\(ended)")
    #expect(ended.errors.hasPrefix("Error: "))
  }
}
