// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("Tags of profiles")
struct TagsTests {
  private let folder: Folder
  private var path: String { folder.path("p") }
  private let tags = ["service.name": "orders", "service.version": "1.10", "team": "", "höhe\n": "漢字, \"q\" = 'x' %41"]

  init() throws { folder = try Folder() }

  @Test("what a recording was given is read, written again, and open to SQL")
  func roundTrip() throws {
    let story = Story(seed: 71)
    let recorder = try ProfileRecorder(path: path, tags: tags)
    #expect(try history(at: path).tags == tags)
    for delta in story.deltas { try recorder.append(delta) }
    try recorder.finish()
    var expected = story.history
    expected.tags = tags
    #expect(try history(at: path) == expected)
    try Statistics(contentsOf: path).write(to: folder.path("again"))
    #expect(try history(at: folder.path("again")) == expected)
    let rows = try SQL(folder.path("again")).rows("SELECT value FROM tags WHERE key LIKE 'service.%' ORDER BY key")
    #expect(rows == ["orders", "1.10"])
  }

  @Test("tags that no profile holds are refused, and no file is left")
  func refused() throws {
    for wrong in [
      ["": "x"], ["k": String(repeating: "x", count: 16_385)], [String(repeating: "k", count: 1_025): "x"],
      ["k": "a" + String(repeating: "\u{301}", count: 300)],
      Dictionary(uniqueKeysWithValues: (0..<257).map { ("k\($0)", "x") }),
    ] {
      let error = #expect(throws: ProfileError.self) { try ProfileRecorder(path: path, tags: wrong) }
      #expect(error?.code == .inconsistent)
      #expect(folder.files == [])
    }
    let most = Dictionary(uniqueKeysWithValues: (0..<256).map { ("k\($0)", String(repeating: "x", count: 16_384)) })
    try ProfileRecorder(path: path, tags: most).finish()
    #expect(try history(at: path).tags == most)
  }

  @Test(
    "tags that no profile holds are damage",
    arguments: [
      "INSERT INTO tags VALUES('', 'x')", "UPDATE tags SET value = x'00'", "UPDATE tags SET value = zeroblob(9)",
      "UPDATE tags SET value = printf('%.20000c', 'x')",
      """
      INSERT INTO tags WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) \
      SELECT 'k' || i, 'v' FROM n
      """,
    ])
  func damage(sql: String) throws {
    try ProfileRecorder(path: path, tags: tags).finish()
    try SQL(path).run(sql)
    #expect(#expect(throws: ProfileError.self) { try history(at: path) }?.code == .corrupted)
    #expect(#expect(throws: ProfileError.self) { _ = try FleetFile(path: path) }?.code == .corrupted)
  }

  @Test("a list is read as OpenTelemetry writes it, and back")
  func lists() {
    #expect(ProfileTags.parse("a=1, b = two%20words ,c=,a=2,,") == ["a": "2", "b": "two words", "c": ""])
    #expect(ProfileTags.parse("k=a=b%2C%3D%25") == ["k": "a=b,=%"])
    #expect(ProfileTags.parse("") == [:])
    for wrong in ["a", "=1", "a=%4", "a=%zz", "a=%FF", "a=1,b"] { #expect(ProfileTags.parse(wrong) == nil, "\(wrong)") }
    #expect(ProfileTags.parse(ProfileTags.text(tags)) == tags)
    #expect(ProfileTags.text(tags).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
  }
}
