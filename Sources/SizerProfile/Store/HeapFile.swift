// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SizerGraph

/// The images of the heap in a file: those of a profile, or the one that a file of `HeapGraph.write(to:)` is. Only what
/// is asked for is read.
package struct HeapFile: Sendable {
  /// An image that is there.
  package struct Entry: Sendable, Hashable {
    /// The number of the snapshot that it was taken with; nil when the file is an image.
    package var snapshot: Int?
    /// That snapshot's label.
    package var label: String
    /// When that was taken, since the tracker was made; zero when the file is an image.
    package var time: Duration
  }

  /// In order of time.
  package let entries: [Entry]
  /// What tells a profile's process from others; empty when the file is an image.
  package let tags: [String: String]
  private let origin: Origin
  /// An image that is in no file.
  private let received: [UInt8]?

  /// Looks which images there are. The file may come from a stranger.
  package init(at path: String, operation: String) throws(ProfileError) {
    origin = Origin(path: path, operation: operation)
    received = nil
    guard try Self.isDatabase(origin) else {
      (entries, tags) = ([Entry(snapshot: nil, label: "", time: .zero)], [:])
      return
    }
    let origin = origin
    (entries, tags) = try holdingSignals { () throws(ProfileError) in
      var reader = try ProfileReader(try ProfileFile(reading: origin))
      let snapshots = try reader.snapshots()
      let entries = try reader.heapEntries(snapshots: snapshots.count).map { entry in
        let snapshot = snapshots[Int(entry.snapshot)]
        return Entry(snapshot: Int(entry.snapshot), label: snapshot.label, time: snapshot.timestamp)
      }
      return (entries, try reader.tags())
    }
  }

  /// An image that came from a process, as if it were in a file.
  ///
  /// - Parameter path: What the process is called.
  package init(image bytes: [UInt8], from path: String, operation: String) {
    origin = Origin(path: path, operation: operation)
    received = bytes
    (entries, tags) = ([Entry(snapshot: nil, label: "", time: .zero)], [:])
  }

  /// Whether the file is a profile, which may have any number of images, and none.
  package var isProfile: Bool { entries.first.map { $0.snapshot != nil } ?? true }

  /// The image at a position of ``entries``. O(its length).
  package func image(at position: Int) throws(ProfileError) -> HeapImage {
    do {
      if let received { return try HeapImage(decoding: received) }
      guard isProfile else { return try HeapImage(contentsOf: origin.path) }
      return try HeapImage(decoding: try bytes(at: position))
    } catch let error as ProfileError {
      throw error
    } catch let error as HeapImageError {
      throw origin.told(error, ofSnapshot: entries[position].snapshot)
    } catch {
      throw origin.corrupted("\(error)")
    }
  }

  private func bytes(at position: Int) throws(ProfileError) -> [UInt8] {
    let (origin, number) = (origin, entries[position].snapshot ?? 0)
    return try holdingSignals { () throws(ProfileError) in
      var reader = try ProfileReader(try ProfileFile(reading: origin))
      // It may have grown since, or be another file now: what is meant is the snapshot's.
      let entries = try reader.heapEntries(snapshots: try reader.count("snapshots"))
      guard let place = entries.firstIndex(where: { Int($0.snapshot) == number }) else {
        throw origin.corrupted("its heap image of snapshot \(number) is gone")
      }
      return try reader.heap(place, entries[place])
    }
  }

  /// By its first bytes.
  private static func isDatabase(_ origin: Origin) throws(ProfileError) -> Bool {
    let path = try FilePath(origin)
    var status = stat()
    guard stat(path.text, &status) == 0 else { throw origin.system(errno, "can't be opened") }
    // An image may come through a pipe; a database can't.
    guard status.st_mode & S_IFMT == S_IFREG else { return false }
    // Through SQLite: whoever opens and closes the file otherwise takes the locks away that a recorder in this process
    // has on it.
    let alone = try Connection(uri: try path.resolved().uri("immutable=1"), for: .reading, origin: origin)
    return alone.fileBytes(at: 0, count: 16) == Array("SQLite format 3\0".utf8)
  }
}

extension Origin {
  /// What is the matter with an image of the heap: the one that was taken with a snapshot, or with nil the file itself.
  func told(_ error: HeapImageError, ofSnapshot snapshot: Int?) -> ProfileError {
    if let snapshot, error.code == .notAnImage { return corrupted("its heap image of snapshot \(snapshot) is none") }
    let subject = snapshot.map { "\(path): its heap image of snapshot \($0)" } ?? path
    let (code, message): (ProfileError.Code, String) =
      switch error.code {
      case .notAnImage:
        (
          .notAProfile,
          "\(path) is no heap image and no profile; make an image with HeapGraph.write(to:), or a profile with "
            + "ClassTracker.record(to:tags:)"
        )
      case .newerVersion: (.newerVersion, error.message(about: subject))
      case .unreadable: (.cannotOpen, error.message(about: subject))
      default: (.corrupted, error.message(about: subject))
      }
    return ProfileError(code: code, operation: operation, path: path, message: message, cause: error.cause)
  }
}
