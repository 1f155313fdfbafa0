// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph
import Testing

/// Whatever is done to an image's file, reading it gives an error or an image that makes sense, and everything can be
/// asked of that.
@Suite struct DamagedImageTests {
  private static let cases = 4_000

  /// The checksums are made right again, so that the damage gets as far as a stranger's would who means harm.
  @Test("damaged payloads are refused or make sense")
  func damagedPayloads() {
    let seed = fuzzSeed("heap image fuzzing")
    var dice = SeededGenerator(seed: seed)
    let victims = [3, 12, 60].map { HandmadeFile(of: randomImage(seed: UInt64($0), objects: $0).encoded()) }
    var refused = 0
    for number in 0..<Self.cases {
      var victim = victims[dice.below(victims.count)]
      damage(&victim, &dice)
      do {
        let image = try HeapImage(decoding: victim.bytes)
        #expect(breach(image) == nil, "seed \(seed), case \(number)")
        if number % 4 == 0 { #expect(answers(of: image) == nil, "seed \(seed), case \(number)") }
      } catch {
        #expect(error.code == .corrupted || error.code == .newerVersion, "seed \(seed), case \(number): \(error)")
        refused += 1
      }
    }
    #expect(refused > Self.cases / 8 && refused < Self.cases, "seed \(seed): \(refused)")
  }

  @Test("every byte counts")
  func everyByte() {
    let file = randomImage(seed: 4, objects: 5).encoded()
    for index in file.indices {
      var damaged = file
      damaged[index] ^= 0x10
      // Any minor version is read.
      if index == 10 || index == 11 { continue }
      #expect(throws: HeapImageError.self) { try HeapImage(decoding: damaged) }
    }
  }

  @Test("a cut file is refused, wherever it was cut")
  func cutFile() {
    let file = randomImage(seed: 5, objects: 9).encoded()
    for count in 0..<file.count {
      #expect(throws: HeapImageError.self) { try HeapImage(decoding: Array(file[..<count])) }
    }
    #expect(throws: HeapImageError.self) { try HeapImage(decoding: file + [0]) }
    #expect(throws: HeapImageError.self) { try HeapImage(decoding: file + file) }
  }

  @Test("other files and other versions are told apart")
  func otherFiles() {
    func code(_ bytes: [UInt8]) -> HeapImageError.Code? {
      do { _ = try HeapImage(decoding: bytes) } catch { return error.code }
      return nil
    }
    #expect(code([]) == .notAnImage)
    #expect(code(Array("SQLite format 3\0 and more than that".utf8)) == .notAnImage)
    var later = HeapImageBuilder().image().encoded()
    later[8] = 2
    #expect(code(later) == .newerVersion)
    later[8] = 0
    #expect(code(later) == .corrupted)
    #expect(
      code(
        HandmadeFile {
          $0.frame(77, []); $0.frame(127, [0, 0, 0, 0])
        }.bytes) == .newerVersion)
    #expect(
      code(
        HandmadeFile {
          $0.frame(177, []); $0.frame(127, [0, 0, 0, 0])
        }.bytes) == nil)
  }

  /// Claims that would need terabytes are refused before anything is set aside for them.
  @Test("counts that the bytes can't hold are refused")
  func countsBytes() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    let end: [UInt8] = [1, 0, 1, 0]
    let object: [(UInt8, [UInt8])] = [
      (1, [10, 1]), (2, [1, 32, 1, 65, 0, 0, 0]), (4, [8]), (5, [1]), (6, [4, 1]), (7, [2]), (8, [0]),
    ]
    func isRefused(_ section: UInt8, _ payload: [UInt8]) -> Bool {
      let file = HandmadeFile { file in
        for (number, bytes) in object where number != section { file.frame(number, bytes) }
        file.frame(section, payload)
        file.frame(127, end)
      }
      return (try? HeapImage(decoding: file.bytes)) == nil
    }
    #expect(!isRefused(9, []))
    #expect(isRefused(8, huge) && isRefused(8, [0x7F, 0, 0]))
    #expect(isRefused(2, [1, 32] + huge) && isRefused(2, [1, 32, 1, 65, 0] + huge))
    #expect(isRefused(3, [0] + huge))
    #expect(isRefused(4, [8] + huge + huge) && isRefused(4, [0]) && isRefused(4, [8, 0]))
    #expect(isRefused(5, huge) && isRefused(5, [0]) && isRefused(5, [1, 1]))
    #expect(isRefused(6, huge + [0]) && isRefused(6, [0, 0]) && isRefused(6, [4, 34]))
    #expect(isRefused(7, huge))
    #expect(isRefused(9, [0] + huge + [0, 0]) && isRefused(9, huge) && isRefused(9, [2, 4, 0, 0]))
    #expect(isRefused(10, [4] + huge) && isRefused(11, [0, 0, 0, 0, 0, 0] + huge))
    #expect(isRefused(14, [0, 0]) && isRefused(15, [0] + huge) && isRefused(16, [0, 1, 2]))
    // The one object has no reference that a function or a case could stand beside.
    #expect(isRefused(19, [0, 0, 0]) && isRefused(129, [0, 0, 0]) && isRefused(129, huge) && isRefused(128, [0, 0]))
    #expect(isRefused(15, [0, 1, 0, 1]) && isRefused(18, [0]) && isRefused(18, huge))
  }

  private func damage(_ file: inout HandmadeFile, _ dice: inout SeededGenerator) {
    for _ in 0...dice.below(4) {
      let frame = dice.below(file.frames.count)
      let count = file.frames[frame].payload.count
      switch dice.below(12) {
      case 0: file.frames.swapAt(frame, dice.below(file.frames.count))
      case 1: file.frames.append(file.frames[frame])
      case 2: file.frames[frame].section = UInt8(dice.below(256))
      case 3: file.frames[frame].payload.append(contentsOf: [0, 1, 0x80, 0xFF].shuffled(using: &dice))
      case 4 where count > 0: file.frames[frame].payload.removeLast(1 + dice.below(count))
      case 5 where count > 0: file.frames[frame].payload.remove(at: dice.below(count))
      case 6 where count > 0:
        let place = dice.below(count)
        let number: [UInt8] = [UInt8](repeating: 0xFF, count: dice.below(9)) + [UInt8(dice.below(128))]
        file.frames[frame].payload.replaceSubrange(place...place, with: number)
      case _ where count > 0:
        file.frames[frame].payload[dice.below(count)] = [0, 1, 2, 0x7F, UInt8(dice.below(256))][dice.below(5)]
      default: break
      }
    }
  }

  /// Asks an image everything; what can't be in the answers, if something of that is.
  private func answers(of image: HeapImage) -> String? {
    let histogram = HeapHistogram(of: image)
    let dominators = Dominators(of: image)
    if dominators.totalBytes != histogram.totalBytes { return "total" }
    if dominators.classes().reduce(0, { $0 + $1.count }) != image.objectCount { return "classes" }
    let finder = PathFinder(of: image)
    for object in 0..<image.objectCount where finder.path(to: object).description.isEmpty { return "path" }
    for group in image.leaks() + image.leaks(confirming: image) where group.objectCount > image.objectCount {
      return "leaks"
    }
    for record in image.waste() where record.wastedBytes < 0 { return "waste" }
    for record in HeapImage.growth(over: [HeapImageBuilder().image(), image]) where record.bytes.count != 2 {
      return "growth"
    }
    if image.objectCount > 0 && Shares(of: [0], in: image).bytes != dominators.retainedBytes(by: 0) { return "shares" }
    return image.encoded().isEmpty ? "file" : nil
  }

  /// What in an image would make its user stumble.
  private func breach(_ image: HeapImage) -> String? {
    var last: UInt64 = 0
    for number in 0..<image.objectCount {
      let object = image[number]
      if object.address <= last { return "address" }
      last = object.address
      if object.bytes <= 0 || object.requestedBytes.map({ $0 < 0 || $0 > object.bytes }) ?? false { return "size" }
      if object.typeNumber >= image.types.count || object.name.utf8.count > 400_000 { return "type" }
      for edge in object.edges {
        if edge.target >= image.objectCount { return "edge" }
        if image.label(of: edge).utf8.count > 400_000 { return "label" }
      }
    }
    let objects = image.roots.map(\.object) + image.rawBlocks.map(\.owner) + image.slices.map(\.buffer)
    let others = image.tasks.compactMap(\.object) + image.slices.compactMap(\.holder)
    if (objects + others).contains(where: { $0 < 0 || $0 >= image.objectCount }) { return "record" }
    return nil
  }
}
