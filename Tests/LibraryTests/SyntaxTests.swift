// SPDX-License-Identifier: Apache-2.0
import Sizer
import SwiftParser
import SwiftSyntax
import TestSupport
import Testing

/// All of a tree lies in the slabs of its arenas.
@Suite struct SyntaxTests {
  private static func source(_ functions: Int) -> String {
    (0..<number(functions)).map { "func f\($0)(_ x: Int) -> [String] { return [\"\\(x)\", \"a\"] }\n" }.joined()
  }

  @Test("a tree is exact", arguments: [1, 20, 300])
  func trees(functions: Int) throws {
    let source = Self.source(functions)
    try expectExact { Parser.parse(source: source) }
  }

  @Test("a part of a tree holds all of it")
  func parts() throws {
    let source = Self.source(20)
    try expectExact { Parser.parse(source: source).statements.first! }
  }
}
