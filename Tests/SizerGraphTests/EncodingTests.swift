// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph
import Testing

/// What is written is read again, and the file is what the document says.
@Suite struct EncodingTests {
  @Test("an image comes back as it was", arguments: [1, 2, 7, 100, 40_000])
  func comesBack(objects: Int) throws {
    let image = randomImage(seed: UInt64(objects), objects: objects)
    let file = image.encoded()
    let back = try HeapImage(decoding: file)
    #expect(back == image)
    #expect(back.encoded() == file)
  }

  @Test("combining marks are read as far as they are not too many in a row")
  func marks() throws {
    var builder = HeapImageBuilder()
    let row = String(repeating: "\u{301}\u{323}", count: 128)
    for name in ["a\(row)b\(row)", "a\(row)\u{301}\u{323}c\(row)d"] { _ = builder.add(HeapType(name: name)) }
    let back = try HeapImage(decoding: builder.image().encoded())
    let read = back.types.map { Array($0.name.unicodeScalars) }
    #expect(read == ["a\(row)b\(row)", "a\(row)c\(row)d"].map { Array($0.unicodeScalars) })
  }

  @Test("an empty image comes back")
  func emptyImage() throws {
    let image = HeapImageBuilder().image()
    #expect(try HeapImage(decoding: image.encoded()) == image)
  }

  /// Written by hand from the document, byte by byte: an encoder and a decoder that err alike are found out.
  @Test("a file by hand is read as the document says")
  func fileBy() throws {
    let file = HandmadeFile { file in
      file.frame(1, [8, 1, 10, 1, 1, 3] + Array("app".utf8) + [99, 0, 98, 5])
      // A class of 32 bytes `A` with a field `.next` at 16; an array of elements of 8 bytes from 32 on.
      file.frame(2, [1, 32, 1, 65, 0, 1, 16, 5] + Array(".next".utf8) + [0])
      file.frame(2, [4, 0, 1, 66, 1, 77, 0, 8, 32, 1, 0, 0])
      file.frame(3, [2, 1, 107])
      // Addresses 0x1000 and 0x1040; the first number ends in another frame than it begins in.
      file.frame(4, [0x80])
      file.frame(5, [1])
      file.frame(4, [0x04, 0x08])
      file.frame(5, [3])
      file.frame(6, [4, 1, 6, 0])
      // Strong 1; strong 2, immortal, 3 unowned, 300 weak.
      file.frame(7, [2, 5, 1, 3, 0xAC, 0x02])
      // The first refers to the second in slot 2; the second to the first as element 5 (5 << 5 | 2 << 3 | 4 is 180,
      // two bytes), weakly in
      // slot 4, and by label 0.
      file.frame(8, [1, 2, 0x10, 3, 1, 0xB4, 0x01, 1, 0x32, 1, 4])
      file.frame(200, [1, 2, 3])
      file.frame(127, [2, 4, 2, 1])
    }
    let image = try HeapImage(decoding: file.bytes)
    #expect(image.info.program == "app" && image.info.isFrozen && image.info.hasEdges)
    #expect(image.objectCount == 2 && image.edgeCount == 4)
    #expect(image[0].address == 0x1000 && image[1].address == 0x1040)
    #expect(image[0].bytes == 32 && image[0].requestedBytes == 32 && image[1].bytes == 48)
    #expect(image[1].requestedBytes == nil)
    #expect(image[0].strongCount == 1 && image[1].strongCount == 2)
    #expect(image[1].flags == .immortal && image[1].unownedCount == 3 && image[1].weakCount == 300)
    #expect(image[0].edges == [HeapEdge(from: 0, to: 1, label: .slot(2))])
    #expect(
      image[1].edges == [
        HeapEdge(from: 1, to: 0, label: .element(5)), HeapEdge(from: 1, to: 0, kind: .weak, label: .slot(4)),
        HeapEdge(from: 1, to: 0, label: .text(0)),
      ])
    #expect(image[0].edges.map(image.label) == [".next"])
    #expect(image[1].edges.map(image.label) == ["[5]", "[0]", "[\"k\"]"])
  }

  @Test("the checksum is CRC-32C")
  func checksumCrc() {
    // The check value of the algorithm's catalogue, and RFC 3720's 32 bytes of zeros: through a frame's own checksum.
    #expect(HandmadeFile.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(HandmadeFile.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  }

  @Test("labels of fields and elements")
  func labelsFields() {
    let type = HeapType(
      name: "T", fields: [.init(offset: 16, label: ".a"), .init(offset: 32, label: ".b")],
      tail: .init(
        offset: 48, stride: 24, fields: [.init(offset: 0, label: ".key"), .init(offset: 16, label: ".value")]))
    #expect(type.label(at: 8) == "+8")
    #expect(type.label(at: 16) == ".a" && type.label(at: 24) == ".a" && type.label(at: 40) == ".b")
    #expect(type.label(at: 48) == "[0].key" && type.label(at: 56) == "[0].key" && type.label(at: 64) == "[0].value")
    #expect(type.label(at: 48 + 24 * 28) == "[28].key")
  }
}
