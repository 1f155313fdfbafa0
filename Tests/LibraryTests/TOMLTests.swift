// SPDX-License-Identifier: Apache-2.0
import Sizer
import TOMLKit
import TestSupport
import Testing

/// Nodes of a tree of C++: that more hangs below than the block is said.
@Suite struct TOMLTests {
  @Test("a table is its block, and more that is said not to be known")
  func tables() throws {
    let table = try made { try TOMLTable(string: "name = '\(text(200))'\nlist = [1, 2, 3]\n[inner]\nkey = 1\n") }
    let size = try HeapSizer().size(of: table)
    #expect(size.unresolvedCount > 0 && size.bytes > 32)
  }

  @Test("an array is its block, and more that is said not to be known")
  func arrays() throws {
    let size = try HeapSizer().size(of: made { TOMLArray([text(200), text(300)]) })
    #expect(size.unresolvedCount > 0 && size.bytes > 32)
  }
}
