// SPDX-License-Identifier: Apache-2.0

import Foundation
import SizerExports
import SizerProfile
import SizerReports
import Testing

/// What text becomes before it is in a page.
@Suite struct TextTests {
  private static let hostile = [
    "</script>", "<!--<script>", "\"quotes\" & 'more'", "\u{2028}\u{2029}", "\u{0}\u{1B}[31m", "\\u003c", "\u{202E}abc",
    "é 漢字 👩‍👩‍👧", "", " ",
    String(repeating: "<", count: 10_000), String(repeating: "é", count: 10_000),
  ]

  @Test("JSON that stands alone has text as people read it")
  func plainJSON() {
    var json = JSONWriter(escapesMarkup: false)
    json.string("<a> & \"\u{2028}\"\n")
    #expect(String(decoding: json.bytes, as: UTF8.self) == #""<a> & \"\\u{2028}\"\\u{A}""#)
  }

  @Test(
    "thousandths have three decimals, below zero too",
    arguments: [(0, "0.000"), (-1, "-0.001"), (1_234_050, "1234.050")])
  func thousandths(_ value: Int, _ text: String) {
    var json = JSONWriter()
    json.thousandths(value)
    #expect(String(decoding: json.bytes, as: UTF8.self) == text)
  }

  @Test("JSON is read back as the visible text")
  func jsonText() throws {
    for text in Self.hostile {
      var json = JSONWriter()
      json.beginArray()
      json.string(text)
      json.endArray()
      let read = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String])
      #expect(read == [VisibleText.of(text)])
    }
  }

  @Test("JSON has no byte that markup or a script's end begins with")
  func jsonBytes() {
    var json = JSONWriter()
    json.beginArray()
    for text in Self.hostile { json.string(text) }
    json.endArray()
    for byte in "<>&".utf8 { #expect(!json.bytes.contains(byte)) }
    #expect(!json.bytes.contains { $0 < 0x20 })
    #expect(
      !String(decoding: json.bytes, as: UTF8.self).unicodeScalars.contains { $0.value == 0x2028 || $0.value == 0x2029 })
  }

  @Test("JSON nests and separates")
  func jsonNesting() {
    var json = JSONWriter()
    json.beginObject()
    json.key("a")
    json.integers([1, -2, 3])
    json.key("b")
    json.beginArray()
    json.beginObject()
    json.endObject()
    json.null()
    json.string("x")
    json.endArray()
    json.key("c")
    json.integer(.max)
    json.endObject()
    #expect(String(decoding: json.bytes, as: UTF8.self) == #"{"a":[1,-2,3],"b":[{},null,"x"],"c":9007199254740991}"#)
  }

  @Test("a snapshot that only counted says so, and why")
  func countsOnly() {
    let counted = Snapshot(
      trackedBytes: 32, mode: .counts, skippedCount: 1, classes: ["A": ClassRecord(active: 1, bytes: 32)],
      error: "no room")
    let sentence = Sentences.totals(of: counted)
    #expect(sentence.hasSuffix(" Only counts and the objects' own bytes, without what they refer to: no room."))
    #expect(sentence.hasPrefix("32 B in 1 living tracked object of 1 class."))
  }

  @Test("markup escapes what ends text or an attribute")
  func escapedMarkup() {
    var markup = Markup()
    markup.raw("<p title=\"")
    markup.text("<a href='x' title=\"y\">&amp;")
    markup.raw("\">")
    #expect(
      String(decoding: markup.bytes, as: UTF8.self)
        == "<p title=\"&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;\">")
  }

  @Test("what is invisible or moves other text is written as an escape")
  func invisibleText() {
    let invisible: [UInt32] = [
      0x00, 0x07, 0x0A, 0x1B, 0x7F, 0x85, 0xA0, 0xAD, 0x61C, 0x115F, 0x200B, 0x200D, 0x200E, 0x202E, 0x2028, 0x2066,
      0x2069, 0x3164, 0xFE0F,
      0xFEFF, 0xFFFE, 0xE000, 0xE0041, 0x10FFFF,
    ]
    for value in invisible {
      let scalar = Unicode.Scalar(value)!
      #expect(VisibleText.of("a\(scalar)b") == "a\\u{\(String(value, radix: 16, uppercase: true))}b")
    }
  }

  @Test("what can be seen stays")
  func visibleText() {
    for text in ["Module.Class<Int>", "naïve", "漢字", "שלום", "مرحبا", "→ ∑ €", "👩", "a b"] {
      #expect(VisibleText.of(text) == text)
    }
  }

  @Test("long text keeps its ends, whole characters and the limit")
  func longText() {
    for filling in ["x", "é", "漢", "\u{202E}", "<"] {
      let text = "begin" + String(repeating: filling, count: 1_000_000) + "end"
      let visible = VisibleText.of(text)
      #expect(visible.utf8.count <= 300)
      #expect(visible.hasPrefix("begin") && visible.hasSuffix("end") && visible.contains(" … "))
      #expect(!visible.contains("\u{FFFD}"))
      #expect(VisibleText.of(visible) == visible)
    }
  }

  @Test("digests are those of FIPS 180-4's examples")
  func digests() {
    let examples = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]
    for (text, digest) in examples {
      let bytes = SHA256.digest(of: Array(text.utf8))
      #expect(bytes.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined() == digest)
      #expect(SHA256.base64(of: Array(text.utf8)) == Data(bytes).base64EncodedString())
    }
  }

  @Test("figures have three digits and a unit")
  func figures() {
    let bytes = [
      (0, "0 B"), (999, "999 B"), (1_000, "0.98 KB"), (1_024, "1.00 KB"), (1_536, "1.50 KB"), (20_480, "20.0 KB"),
      (1_048_576, "1.00 MB"),
      (.max, "8.00 EB"), (-2_048, "−2.00 KB"),
    ]
    for (number, text) in bytes { #expect(Sentences.bytes(number) == text) }
    #expect(Sentences.grouped(1_234_567) == "1,234,567")
    #expect(Sentences.grouped(.min) == "−9,223,372,036,854,775,808")
    #expect(Sentences.grouped(-123) == "−123")
    #expect(Sentences.time(.milliseconds(1_500)) == "1.50 s")
    #expect(Sentences.time(.seconds(3_725)) == "01:02:05")
    #expect(Sentences.time(.microseconds(42)) == "42.0 µs")
    #expect(Sentences.percent(1, of: 3) == "33 %")
    #expect(Sentences.percent(1, of: 30) == "3.3 %")
    #expect(Sentences.percent(1, of: 0) == "–")
  }
}
