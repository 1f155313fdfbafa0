// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import Testing

@Suite("Names and paths with wildcards")
struct WildcardTests {
  @Test(
    arguments: [
      ("a", "a", true), ("a", "ab", false), ("a*", "ab", true), ("*b", "ab", true), ("*", "", true), ("", "a", false),
      ("a*c*e", "abcde", true), ("a*c*e", "abde", false), ("ab*ba", "aba", false), ("**x", "yx", true),
      ("global App.cache*", "global App.cache -> .value -> []", true), ("*.log", "global App.log -> []", false),
    ] as [(String, String, Bool)])
  func matches(pattern: String, path: String, isMatch: Bool) {
    #expect(Wildcard(pattern).matches(path) == isMatch)
  }
}
