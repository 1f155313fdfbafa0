// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import SizerProfile
import TestSupport
import Testing

/// Damage at random: whatever is done to a profile, reading it gives an error or a history that makes sense.
@Suite struct FuzzTests {
  /// One of the files that are damaged, and its log.
  private struct Victim {
    var main: [UInt8]
    var log: [UInt8]
  }

  private static let cases = 10_000

  @Test("ten thousand damaged profiles are refused or make sense")
  func damagedProfiles() throws {
    let environment = ProcessInfo.processInfo.environment["SIZER_FUZZ_SEED"]
    let seed = environment.flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000_000)
    print("profile fuzzing: SIZER_FUZZ_SEED=\(seed) repeats this run")
    var dice = SeededGenerator(seed: seed)
    let folder = try Folder()
    let victims = try victims(in: folder)
    let path = folder.path("fuzzed")
    var refused = 0
    for number in 0..<Self.cases {
      var victim = victims[dice.below(victims.count)]
      if victim.log.isEmpty || dice.chance(0.5) { damage(&victim.main, &dice) } else { damage(&victim.log, &dice) }
      overwrite(path, victim.main)
      overwrite(path + "-wal", victim.log)
      do {
        let read = try Statistics(contentsOf: path)
        let breach = breach(read.history)
        #expect(breach == nil, "seed \(seed), case \(number)")
        // An image has an account of its own, and is refused, or is one.
        for snapshot in read.heapSnapshots { _ = try? read.heapImage(ofSnapshot: snapshot) }
      } catch {
        #expect(
          [.corrupted, .notAProfile, .newerVersion].contains(error.code), "seed \(seed), case \(number): \(error)")
        refused += 1
      }
    }
    // Most damage hits what is in use; some of it turns a number into another.
    #expect(refused > Self.cases / 4 && refused < Self.cases, "seed \(seed)")
  }

  /// Small pages make small files, of which most bytes matter.
  private func victims(in folder: Folder) throws -> [Victim] {
    var victims: [Victim] = []
    for (index, page) in [512, 1_024, 4_096].enumerated() {
      let path = folder.path("\(page)")
      try Story(seed: UInt64(90 + index), snapshots: 4).record(to: path)
      try SQL(path).run("PRAGMA page_size=\(page); VACUUM")
      victims.append(Victim(main: try bytes(of: path), log: []))
    }
    let recorder = try ProfileRecorder(path: folder.path("running"))
    for delta in Story(seed: 95, snapshots: 3).deltas { try recorder.append(delta) }
    victims.append(
      Victim(main: try bytes(of: folder.path("running")), log: try bytes(of: folder.path("running-wal"))))
    return victims
  }

  /// One to eight changes of a kind that disks, copies and strangers make.
  private func damage(_ file: inout [UInt8], _ dice: inout SeededGenerator) {
    for _ in 0...dice.below(8) where !file.isEmpty {
      let place = dice.below(file.count)
      switch dice.below(8) {
      case 0: file[place] ^= 1 << UInt8(dice.below(8))
      case 1: file[place] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)]
      case 2: file[place] = UInt8(dice.below(256))
      case 3:
        file.replaceSubrange(
          place..<min(place + 4, file.count), with: repeatElement(0xff, count: min(4, file.count - place)))
      // The pages' and the file's own heads, where a byte means most.
      case 4: file[min(place / 512 * 512 + dice.below(16), file.count - 1)] = UInt8(dice.below(256))
      case 5: file[dice.below(min(100, file.count))] = UInt8(dice.below(256))
      case 6:
        let from = dice.below(file.count) / 512 * 512
        let to = place / 512 * 512
        let count = min(512, file.count - max(from, to))
        file.replaceSubrange(to..<to + count, with: Array(file[from..<from + count]))
      default: if dice.chance(0.2) { file.removeSubrange(place...) }
      }
    }
  }

  private func overwrite(_ path: String, _ bytes: [UInt8]) {
    let descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }

  /// What in a history would make its user stumble.
  private func breach(_ history: History) -> String? {
    for row in history.objects {
      let names = [row.name, row.className, row.currentClass]
      if names.contains(where: { $0 >= history.names.count }) { return "name" }
      if row.trace != History.ObjectRow.none && row.trace >= history.traces.count { return "trace" }
      if row.birth < 0 || row.end < 0 { return "time" }
    }
    for rows in [history.sizes.map { ($0.object, $0.snapshot) }, history.referents.map { ($0.object, $0.snapshot) }] {
      for (before, after) in zip(rows, rows.dropFirst()) where before >= after { return "order" }
      for row in rows where row.0 >= history.objects.count || row.1 >= history.snapshots.count { return "row" }
    }
    if history.sizes.contains(where: { $0.bytes < 0 }) { return "size" }
    return nil
  }
}
