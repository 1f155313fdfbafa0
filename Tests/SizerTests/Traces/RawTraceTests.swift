// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Sizer
import Testing

@Suite("Raw traces")
struct RawTraceTests {
  @Test("a frame of libc's has the library's path, and the offset from where the kernel says that its file begins")
  func library() throws {
    let address = UInt(bitPattern: try #require(dlsym(nil, "qsort")))
    let first = try #require(mappings().first { $0.hasSuffix("/libc.so.6") })
    let start = try #require(UInt64(first.prefix { $0 != "-" }, radix: 16))
    let frame = try #require(rawTraces(of: [[address + 1]]).first?.first).frame
    #expect(frame.image?.hasSuffix("/libc.so.6") == true)
    #expect(frame.imageOffset == UInt64(address) + 1 - start)
    #expect(frame.address == UInt64(address) + 1 && frame.function == nil && frame.file == nil && frame.line == 0)
  }

  @Test("the program's own frames have its real path")
  func program() throws {
    let frames = rawTraces(of: [rawStack()])[0]
    let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    #expect(frames.contains { $0.frame.image == path })
  }

  @Test("the build id is the one that readelf prints for the file")
  func buildID() throws {
    let raw = try #require(rawTraces(of: [[UInt(bitPattern: try #require(dlsym(nil, "qsort"))) + 1]]).first?.first)
    let readelf = Process()
    readelf.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    readelf.arguments = ["readelf", "-n", try #require(raw.frame.image)]
    let output = Pipe()
    readelf.standardOutput = output
    try readelf.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    readelf.waitUntilExit()
    #expect(raw.buildID.count >= 16)
    #expect(text.contains("Build ID: \(raw.buildID)\n"))
  }

  @Test("addresses outside all images have neither image nor build id")
  func garbage() {
    for address: UInt in [0, 1, 0xdead_beef, .max, 1 << 47] {
      let raw = rawTraces(of: [[address]])[0][0]
      #expect(raw.frame == StackTrace.Frame(address: UInt64(address)) && raw.buildID.isEmpty)
    }
    #expect(rawTraces(of: []) == [])
    #expect(rawTraces(of: [[], []]) == [[], []])
  }

  /// The kernel hands the list out a page at a time, and gives it no size: Foundation reads only the start.
  private func mappings() throws -> [String] {
    let file = try #require(fopen("/proc/self/maps", "r"))
    defer { fclose(file) }
    var lines: [String] = []
    var line = [CChar](repeating: 0, count: 8192)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      lines.append(String(decoding: text, as: UTF8.self))
    }
    return lines
  }
}
