// SPDX-License-Identifier: Apache-2.0
import SizerAgent
import Testing

@Suite("What the agent is asked for")
struct AgentSettingsTests {
  private func settings(_ variables: [String: String]) throws(AgentSettingError) -> AgentSettings {
    try AgentSettings { variables[$0] }
  }

  @Test("without more than a path it is a table every second")
  func defaults() throws {
    #expect(try settings(["SIZER_OUTPUT": "a"]) == AgentSettings(output: "a", interval: .seconds(1)))
    #expect(try settings(["SIZER_SOCKET": "s"]).output == "")
    #expect(try settings(["SIZER_SOCKET": "0", "SIZER_OUTPUT": "0"]) == AgentSettings(output: ""))
    let unset = ["SIZER_OUTPUT": "a", "SIZER_EVERY": "", "SIZER_HEAP": "0", "SIZER_LEAKS": ""]
    #expect(try settings(unset) == AgentSettings(output: "a", interval: .seconds(1)))
  }

  @Test("what is asked for is what the variables say, and back", arguments: [nil, 1, 999, 1_000, 90_000] as [Int?])
  func there(_ milliseconds: Int?) throws {
    for (heap, leaks, children) in [(false, false, true), (true, false, false), (true, true, true)] {
      var asked = AgentSettings(
        output: "a b/%p", interval: milliseconds.map { .milliseconds($0) }, wantsHeap: heap, wantsLeaks: leaks,
        followsChildren: children)
      (asked.patterns, asked.wantsTraces) = heap ? (["A.*", "*.B"], leaks) : ([], false)
      (asked.emitsProbes, asked.usesOneProcessor) = (leaks, heap)
      asked.socket = leaks ? "/run/%p" : ""
      asked.heapInterval = milliseconds.map { .milliseconds($0 + 1) }
      asked.tags = heap ? ["service.version": "1.10", "a b": "c,d=%"] : [:]
      asked.limitPercent = heap ? 90 : leaks ? 99.5 : nil
      let variables = Dictionary(uniqueKeysWithValues: asked.variables)
      #expect(variables.keys.allSatisfy { $0.hasPrefix("SIZER_") })
      #expect(try settings(variables) == asked)
    }
  }

  @Test(
    "intervals have a unit, or are seconds",
    arguments: [("500ms", 500), ("1s", 1_000), ("2", 2_000), ("3m", 180_000), ("0", 0), ("0ms", 0)] as [(String, Int)])
  func intervals(_ text: String, _ milliseconds: Int) {
    #expect(AgentSettings.interval(text) == .milliseconds(milliseconds))
  }

  @Test(
    "what is no interval is told with what to write",
    arguments: ["often", "s", "-1s", "1.5s", "1 s", "1h", "9999999999999999999s", "99999999999ms", "１s"])
  func rubbish(_ text: String) {
    #expect(AgentSettings.interval(text) == nil)
    let error = #expect(throws: AgentSettingError.self) { try settings(["SIZER_OUTPUT": "a", "SIZER_EVERY": text]) }
    #expect(error?.message == "SIZER_EVERY=\(text) is no interval; write 500ms, 1s, 5m, or 0 for none")
  }

  @Test("a share of the limit is a part of a hundred, or none")
  func shares() throws {
    for (text, percent) in [("90%", 90), ("99.5%", 99.5), ("100%", 100), ("0", nil), ("", nil)] as [(String, Double?)] {
      #expect(try settings(["SIZER_AT_LIMIT": text]).limitPercent == percent)
    }
    for text in ["90", "0.9", "0%", "101%", "%", "-1%", "1e1%", "9_0%", ".%", "inf%", "9 0%", "９%"] {
      let error = #expect(throws: AgentSettingError.self) { try settings(["SIZER_AT_LIMIT": text]) }
      #expect(error?.message == "SIZER_AT_LIMIT=\(text) is no share; write 90%, or 0 for none")
    }
    let error = #expect(throws: AgentSettingError.self) { try settings(["SIZER_HEAP_EVERY": "now"]) }
    #expect(error?.message.hasPrefix("SIZER_HEAP_EVERY=now is no interval") == true)
  }

  @Test("tags are a list, or the agent says what is wrong", arguments: ["a", "=b", "a=%z", "a=b,c"])
  func wrongTags(_ text: String) {
    let error = #expect(throws: AgentSettingError.self) { try settings(["SIZER_OUTPUT": "a", "SIZER_TAGS": text]) }
    #expect(error?.message.hasPrefix("SIZER_TAGS=\(text) is no list of names and values") == true)
  }
}
