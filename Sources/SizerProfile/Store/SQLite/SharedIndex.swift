// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// The index of a database's log (`<file>-shm`), which SQLite maps into every process that has the database open. Who
/// touches a page of a mapping whose file was cut gets SIGBUS, and the process is gone. So SQLite works on copies in
/// this process's own memory, which are exchanged with the mapping by the kernel: it says EFAULT where there is no
/// page. Everybody else's SQLite finds what it expects.
///
/// When to exchange follows from how SQLite shares memory (wal.c): what one process wrote counts for another when that
/// one has taken a lock or gone through a barrier. Who holds the lock for writing owns all of the index but ten words,
/// the readers' marks and how far the log was put into the file; those are changed word by word under locks of their
/// own.
final class SharedIndex {
  /// A piece of the index, as SQLite maps it: 32 KiB.
  private struct Piece {
    /// The mapping; never touched by us.
    let shared: UnsafeMutableRawPointer
    /// What SQLite reads and writes.
    let copy: UnsafeMutableRawPointer
    let length: Int
  }

  /// Where the words are, in the first piece, that no lock for writing covers: behind both copies of the head.
  private static let marks = 24..<34

  /// By their number; nil for one that is not there yet.
  private var pieces: [Piece?] = []
  /// What the others have, of the piece that is being exchanged.
  private var theirs: UnsafeMutablePointer<UInt32>?
  /// What the marks were after the last exchange.
  private var knownMarks = [UInt32](repeating: 0, count: marks.count)
  private let passage = KernelPassage()
  /// The index's own file, for it to be made whole again, and what it was when it was mapped.
  private let path: String
  private var file: FileIdentity?
  /// Whether the mapping may only be read.
  private var isReadOnly = false
  /// Whether something that was written here could not be given to the others: what they have is old then, and must not
  /// be believed.
  private var isLost = false
  /// Whether the lock for writing is held.
  var isOwned = false
  /// Whether it is held or has just been taken, before the first exchange.
  var isLocked = false
  /// Takes the lock for writing, or gives it back; false when another has it.
  private let lock: (_ isTaken: Bool) -> Bool

  init(path: String, lock: @escaping (_ isTaken: Bool) -> Bool) {
    self.path = path
    self.lock = lock
  }

  deinit { forget() }

  /// The copy of a piece that SQLite has mapped; nil when there is no memory, or nothing to copy.
  func copy(of number: Int, at shared: UnsafeMutableRawPointer, length: Int, readOnly: Bool) -> UnsafeMutableRawPointer?
  {
    if pieces.indices.contains(number), let piece = pieces[number] { return piece.copy }
    isReadOnly = readOnly
    if theirs == nil { theirs = malloc(length)?.assumingMemoryBound(to: UInt32.self) }
    guard theirs != nil, let copy = malloc(length) else { return nil }
    if file == nil { file = withFile { _, status in FileIdentity(status) } }
    while pieces.count <= number { pieces.append(nil) }
    pieces[number] = Piece(shared: shared, copy: copy, length: length)
    guard passage.copy(from: shared, to: copy, length) || renew() && passage.copy(from: shared, to: copy, length) else {
      free(copy)
      pieces[number] = nil
      return nil
    }
    if number == 0 { rememberMarks() }
    return copy
  }

  /// Gives what SQLite wrote since the last time to the others, and takes what they wrote. False when the file is gone
  /// from under its mapping and can't be made whole; it may be possible later.
  func exchange() -> Bool {
    if isLost, !isOwned { isLost = !renew() }
    guard !isLost || isOwned else { return false }
    let isDone = isOwned ? giveAll() || makeWhole() && giveAll() : takeAll() || renew() && takeAll()
    if isOwned { isLost = !isDone }
    return isDone
  }

  /// What others have must become what is here: the head last, for it says how much of the rest counts.
  private func giveAll() -> Bool {
    for (number, piece) in pieces.enumerated().reversed() {
      guard let piece else { continue }
      guard take(piece) else { return false }
      if number > 0 {
        guard give(differing: 0..<piece.length / 4, of: piece) else { return false }
      } else {
        guard exchangeMarks(), give(differing: Self.marks.upperBound..<piece.length / 4, of: piece),
          give(differing: 0..<Self.marks.lowerBound, of: piece)
        else { return false }
      }
    }
    return true
  }

  /// While the head is the same, nobody has written, and all that counts is here. What else differs may be damage.
  private func takeAll() -> Bool {
    guard let first = pieces.first, let piece = first, let theirs else { return true }
    guard passage.copy(from: piece.shared, to: theirs, 4 * Self.marks.upperBound), exchangeMarks() else { return false }
    let head = 4 * Self.marks.lowerBound
    if memcmp(piece.copy, theirs, head) == 0 { return true }
    let behind = 4 * Self.marks.upperBound
    guard passage.copy(from: piece.shared + behind, to: piece.copy + behind, piece.length - behind) else {
      return false
    }
    for case let piece? in pieces.dropFirst() {
      guard passage.copy(from: piece.shared, to: piece.copy, piece.length) else { return false }
    }
    // Read first and believed last: it stands for what lies behind it.
    memcpy(piece.copy, theirs, head)
    return true
  }

  private func take(_ piece: Piece) -> Bool {
    theirs.map { passage.copy(from: piece.shared, to: $0, piece.length) } ?? false
  }

  /// Word by word: what was written here goes there, what others wrote comes from there.
  private func exchangeMarks() -> Bool {
    guard let first = pieces.first, let piece = first, let theirs else { return true }
    let copy = piece.copy.assumingMemoryBound(to: UInt32.self)
    for word in Self.marks where copy[word] != theirs[word] {
      if copy[word] == knownMarks[word - Self.marks.lowerBound] {
        copy[word] = theirs[word]
      } else {
        guard give(word..<word + 1, of: piece) else { return false }
      }
    }
    rememberMarks()
    return true
  }

  private func rememberMarks() {
    guard let first = pieces.first, let piece = first else { return }
    let copy = piece.copy.assumingMemoryBound(to: UInt32.self)
    for (index, word) in Self.marks.enumerated() { knownMarks[index] = copy[word] }
  }

  private func give(differing words: Range<Int>, of piece: Piece) -> Bool {
    let copy = piece.copy.assumingMemoryBound(to: UInt32.self)
    guard let theirs else { return false }
    var start = words.lowerBound
    while start < words.upperBound {
      // Most of it is the same.
      let step = min(64, words.upperBound - start)
      if memcmp(copy + start, theirs + start, 4 * step) == 0 {
        start += step
        continue
      }
      guard copy[start] != theirs[start] else {
        start += 1
        continue
      }
      var end = start + 1
      while end < words.upperBound, copy[end] != theirs[end] { end += 1 }
      guard give(start..<end, of: piece) else { return false }
      start = end
    }
    return true
  }

  private func give(_ words: Range<Int>, of piece: Piece) -> Bool {
    let start = 4 * words.lowerBound
    return isReadOnly || passage.copy(from: piece.copy + start, to: piece.shared + start, 4 * words.count)
  }

  /// Gives a file that was cut its length back, and takes away the head, here and there: what is left behind it is not
  /// to be believed. SQLite makes an index without a head anew, from the log.
  private func renew() -> Bool {
    guard makeWhole(), let first = pieces.first, let piece = first else { return false }
    let head = 0..<Self.marks.lowerBound
    memset(piece.copy, 0, 4 * head.count)
    return give(head, of: piece)
  }

  /// Gives a file that was cut its length back, with zeros. Another file that was put in its place is left alone.
  private func makeWhole() -> Bool {
    guard !isReadOnly, let file else { return false }
    // Only who holds the lock for writing makes the file longer: nobody does while it is ours, and what was looked up
    // holds. A length that was too small by then would take pages from under another's mapping.
    guard isLocked || lock(true) else { return false }
    defer { if !isLocked { _ = lock(false) } }
    let length = off_t(pieces.reduce(0) { $0 + ($1?.length ?? 0) })
    return withFile { descriptor, status in
      guard FileIdentity(status) == file else { return false }
      // The very file that was looked at, whatever its name is by now.
      return status.st_size >= length || truncate("/proc/self/fd/\(descriptor)", length) == 0
    } ?? false
  }

  /// Calls `body` with the index's file and what the system says of it; nil when there is no plain file of its name.
  private func withFile<Result>(_ body: (Int32, stat) -> Result) -> Result? {
    // O_PATH, for whoever closes any other descriptor of a file takes the locks away that SQLite has on it.
    let descriptor = open(path, csqlite_open_path | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return body(descriptor, status)
  }

  /// SQLite unmaps it.
  func forget() {
    for piece in pieces { free(piece?.copy) }
    free(theirs)
    (pieces, theirs, file) = ([], nil, nil)
  }
}
