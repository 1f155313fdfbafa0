// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerCommand
import Testing

@Suite("Reading JSON")
struct JSONValueTests {
  private func value(_ text: String) -> JSONValue? { JSONValue(Array(text.utf8)) }

  @Test("values of each kind are what RFC 8259 says")
  func kinds() throws {
    #expect(value(" null ") == .null)
    #expect(value("true") == .bool(true))
    #expect(value("false") == .bool(false))
    #expect(value("-0") == .integer(0))
    #expect(value("9223372036854775807") == .integer(.max))
    #expect(value("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(value("1.5e3") == .number(1_500))
    #expect(value("[]") == .array([]))
    #expect(value("{}") == .object([]))
    #expect(value("[1, [2,\"3\"]\n]") == .array([.integer(1), .array([.integer(2), .string("3")])]))
    let object = try #require(value(#"{"a": 1, "b": {"a": 2}, "a": 3}"#))
    #expect(object["a"] == .integer(1))
    #expect(object["b"]?["a"] == .integer(2))
    #expect(object["c"] == nil)
    #expect(JSONValue.null["a"] == nil)
  }

  @Test("escapes stand for their characters, and halves of them for none")
  func escapes() {
    #expect(value(#""\"\\\/\b\f\n\r\t""#) == .string("\"\\/\u{8}\u{C}\n\r\t"))
    #expect(value(#""a\u00e9\u6F22\ud83d\udE00z""#) == .string("aé漢😀z"))
    #expect(value(#""\ud83dx\udE00""#) == .string("\u{FFFD}x\u{FFFD}"))
    #expect(value(#""\ud83d\ud83d\ude00""#) == .string("\u{FFFD}😀"))
  }

  @Test(
    "what is no JSON is nothing",
    arguments: [
      "", " ", "nul", "truee", "[", "]", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "\"", "\"\n\"",
      #""\x""#, #""\u12g4""#, #""\u12""#, "01", "-", "+1", "1.", ".5", "1e", "1e999", "1 2", "NaN", "'a'", "-01", "00",
    ])
  func rubbish(_ text: String) {
    #expect(value(text) == nil)
  }

  @Test("nesting has an end")
  func depth() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(value(nested(32)) != nil)
    #expect(value(nested(33)) == nil)
    #expect(value(String(repeating: "[", count: 1 << 20)) == nil)
    #expect(value(String(repeating: "{\"a\":", count: 1 << 20)) == nil)
  }

  @Test("bytes that were changed or cut never end the reader")
  func mutations() {
    var random = SeededGenerator(seed: 12)
    let text = Array(#"{"a":[1,-2.5e3,"é\u00e9\ud83d\ude00",null,true,{"b":[]}],"c":"x"}"#.utf8)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[random.below(bytes.count)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = JSONValue(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
    }
  }
}
