// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerTesting
import TestSupport
import Testing

private final class Row {
  var (first, second, third) = (number(1), number(2), number(3))
}

/// malloc_usable_size(3), which Swift does not see.
private let usableSize = unsafeBitCast(
  dlsym(nil, "malloc_usable_size")!, to: (@convention(c) (UnsafeMutableRawPointer) -> Int).self)

@Suite("Footprints are expected")
struct FootprintTests {
  @Test("the bytes are the allocator's own")
  func bytes() throws {
    let row = made { Row() }
    let usable = usableSize(Unmanaged.passUnretained(row).toOpaque())
    #expect(try size(of: row) == usable)
    #expect(findings { expectFootprint(atMost: usable) { row } }.isEmpty)
    let found = findings { expectFootprint(atMost: usable - 1) { row } }
    #expect(found.map(\.isFailure) == [true])
    #expect(found.first?.text.contains("1 of \(typeName(of: Row.self))") == true)
    keepAlive(row)
  }

  @Test("what is made by a task, and budgets in other units")
  func units() async {
    #expect(Int.kilobytes(64) == 65_536)
    #expect(Int.megabytes(1) == 1_048_576)
    let found = await findings {
      await expectFootprint(atMost: .kilobytes(1)) {
        await Task.yield()
        return [UInt8](repeating: 1, count: number(2_000))
      }
    }
    #expect(found.map(\.isFailure) == [true])
  }
}
