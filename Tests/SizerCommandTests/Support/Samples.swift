// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import Synchronization
import TestSupport

typealias Folder = TemporaryFolder

private final class KeptFolders: Sendable {
  let folders = Mutex<[Folder]>([])
}

extension TemporaryFolder {
  /// Writes a profile into the folder and tells its path.
  func profile(_ history: History, _ name: String = "p.sizer") throws -> String {
    try Statistics(history).write(to: "\(path)/\(name)")
    return "\(path)/\(name)"
  }

  /// Folders that are kept until the process ends, so that a path can be had in one call.
  private static let kept: KeptFolders = {
    atexit { TemporaryFolder.kept.folders.withLock { $0.removeAll() } }
    return KeptFolders()
  }()

  /// Writes a profile into a folder of its own and tells its path.
  static func profile(_ history: History) throws -> String {
    let folder = try Folder()
    let path = try folder.profile(history)
    kept.folders.withLock { $0.append(folder) }
    return path
  }

  /// Writes a file of this text.
  func file(_ text: String, _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    guard let stream = fopen(file, "w") else { throw ChildError(description: "\(file) can't be made") }
    // Not fputs, for which a text ends at its first zero.
    let bytes = Array(text.utf8)
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file
  }
}

/// The contents of a file.
func contents(of path: String) throws -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw ChildError(description: "\(path) can't be read") }
  defer { close(descriptor) }
  return readToEnd(descriptor)
}

enum Samples {
  /// Text that breaks whoever does not expect it.
  static let hostileTexts = [
    "<script>alert(1)</script>", "a,b;c\t\"d\" 'e'", "two\nlines\r\nthree", "\u{1B}[2Jgone\u{9B}31m",
    "\u{202E}txt.exe\u{2066}",
    "漢字 👩‍👩‍👧‍👦 é", "", " ends with spaces ", "=1+1", "a/b\\c", "\u{0}zero", "\u{FEFF}mark \u{2028}",
  ]

  /// What is at hand: an object that grows and one that dies, one born late, one not tracked any more, one in between.
  static var life: History {
    let place = StackTrace(frames: [
      .init(
        address: 0x5555_0000_1000, function: "Worker.init(name:)", file: "/src/App/Worker.swift", line: 12, column: 5,
        image: "/usr/bin/app", imageOffset: 0x1000),
      .init(address: 0x5555_0000_2000, function: "main", file: "/src/App/main.swift", line: 3, column: 1),
    ])
    let other = StackTrace(frames: [
      .init(address: 0x7f00_0000_0010, image: "/lib/libx.so", imageOffset: 0x10, buildID: "c0ffee")
    ])
    return History(
      snapshots: [
        snapshot("start", 1_000_000_000, 400, ["App.Worker": (2, 144), "App.Cache": (1, 256)]),
        snapshot("failed", 2_000_000_000, 0, [:], error: "no memory"),
        snapshot(
          "end", 3_500_000_000, 2_208, ["App.Worker": (3, 160), "App.Cache": (1, 2_048)],
          slabs: [
            "App.Worker": SlabUse(
              objectCount: 2, objectBytes: 96, slabCount: 2, slabBytes: 8_192, takenBytes: 2_048, unresolvedCount: 1),
            "App.Cache": SlabUse(unresolvedCount: 1),
          ], estimatedBytes: 96),
      ],
      names: ["App.Worker", "App.Cache", "App.SpecialWorker"],
      objects: [
        .init(name: 1, className: 1, currentClass: 1, address: 0x1000, birth: 10),
        .init(name: 0, className: 0, currentClass: 0, trace: 0, birth: 20, end: 3_000_000_000, isDead: true),
        .init(name: 0, className: 2, currentClass: 2, trace: 0, birth: 30, end: 1_700_000_000),
        .init(name: 0, className: 0, currentClass: 0, trace: 0, birth: 1_200_000_000, end: 1_300_000_000, isDead: true),
        .init(name: 0, className: 0, currentClass: 0, trace: 0, address: 0x2000, birth: 3_100_000_000),
        .init(name: 0, className: 0, currentClass: 0, trace: 0, address: 0x2030, birth: 3_100_000_001),
        .init(name: 0, className: 0, currentClass: 0, trace: 1, address: 0x2060, birth: 3_200_000_000),
      ],
      sizes: [
        .init(object: 0, snapshot: 0, bytes: 256), .init(object: 0, snapshot: 2, bytes: 2_048),
        .init(object: 1, snapshot: 0, bytes: 48), .init(object: 2, snapshot: 0, bytes: 96),
        .init(object: 4, snapshot: 2, bytes: 48), .init(object: 5, snapshot: 2, bytes: 48),
        .init(object: 6, snapshot: 2, bytes: 64),
      ],
      referents: [
        .init(
          object: 0, snapshot: 2,
          tree: [
            SizeNode(
              name: "entries", typeName: "[Swift.String]", bytes: 2_000, flatBytes: 1_000,
              children: [SizeNode(name: "[0]", typeName: "Swift.String", bytes: 1_000, flatBytes: 1_000)])
          ])
      ],
      traces: [place, other])
  }

  /// Every text that a profile holds is one that breaks whoever does not expect it.
  static var hostile: History {
    var history = History(names: hostileTexts)
    for (index, text) in hostileTexts.enumerated() {
      let number = UInt32(index)
      history.snapshots.append(
        snapshot(
          text, 1_000_000_000 * Int64(index + 1), 16 * (index + 1), [text: (1, 16)], error: index == 4 ? text : nil))
      history.traces.append(
        StackTrace(frames: [
          .init(address: 1, function: text, file: text, line: index, image: text, imageOffset: 2, buildID: text)
        ]))
      history.objects.append(
        .init(name: number, className: number, currentClass: number, trace: number, address: 16, birth: Int64(index)))
      history.sizes.append(.init(object: number, snapshot: 0, bytes: 16))
      history.referents.append(
        .init(
          object: number, snapshot: 0, tree: [SizeNode(name: text, typeName: text, bytes: 16, flatBytes: 16)]))
    }
    return history
  }

  static func snapshot(
    _ label: String, _ time: Int64, _ tracked: Int, _ classes: [String: (active: Int, bytes: Int)],
    slabs: [String: SlabUse] = [:], error: String? = nil, estimatedBytes: Int = 0
  ) -> Snapshot {
    let records = classes.map { name, record in
      let share = tracked == 0 ? 0 : Double(record.bytes) / Double(tracked)
      return (name, ClassRecord(active: record.active, bytes: record.bytes, share: share, slabs: slabs[name]))
    }
    return Snapshot(
      label: label, timestamp: .nanoseconds(time), trackedBytes: tracked, overheadBytes: 4_096, mode: .frozen,
      pause: .microseconds(250),
      process: ProcessMemory(
        virtual: 1 << 30, resident: 1 << 24, data: 1 << 23, stack: 1 << 17, code: 1 << 20, shared: 1 << 19,
        minorFaults: 1_234, majorFaults: 5, peakResident: 1 << 25, cgroupCurrent: 1 << 26, cgroupLimit: 1 << 28),
      classes: Dictionary(uniqueKeysWithValues: records), error: error, estimatedBytes: estimatedBytes)
  }
}
