// SPDX-License-Identifier: Apache-2.0
import Foundation
import FoundationNetworking
import FoundationXML
import NIOCore
import NIOEmbedded
import Sizer
import Testing
import Yams

// Modules that the test program links: what it never mentions the linker may leave out.
private let linked: [Any.Type] = [URLSession.self, XMLParser.self, ByteBuffer.self, EmbeddedChannel.self, Node.self]

@Suite("All types of a program")
struct SurveyTests {
  /// Types of the standard library, Foundation, SwiftNIO, swift-collections, the testing library and these tests. None
  /// may fault; those that are not understood are few, and printed.
  @Test("every type that an image declares is compiled")
  func everything() throws {
    #expect(linked.count == 5)
    guard Engine.hasInvariants else {
      // A program that is shipped has none of it.
      #expect(#expect(throws: SizerError.self) { try Engine.survey() }?.code == .unsupportedRuntime)
      return
    }
    let survey = try Engine.survey()
    print("types: \(survey.compiledCount) compiled, \(survey.untriedCount) untried,", terminator: " ")
    print("\(survey.unresolvedNames.count) not understood: \(survey.unresolvedNames.sorted())")
    #expect(survey.compiledCount > 2_500)
    // Types of tests are made to be hard, and rows that other tests register come and go.
    let others = survey.unresolvedNames.filter { name in
      !["SizerTests.", "CxxTests.", "StressTests.", "TrackerTests.", "__C."].contains { name.hasPrefix($0) }
    }
    #expect(others.count < survey.compiledCount / 200)
  }
}
