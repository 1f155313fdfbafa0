// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// How SQLite reaches a database's file: by its own methods, but for what could hurt this process. Nothing is mapped
/// and touched (``SharedIndex``); a reader that must take no locks takes none.
///
/// SQLite finds its methods by the address in its file, and a file's own state behind its methods: they are the first
/// field here.
private struct FileMethods {
  var methods: sqlite3_io_methods
  let original: UnsafePointer<sqlite3_io_methods>
  let index: Unmanaged<SharedIndex>

  /// Those of a file that ``install(in:locks:)`` gave some.
  static func of(_ file: UnsafeMutablePointer<sqlite3_file>?) -> UnsafePointer<FileMethods> {
    // SQLite calls with a file that is open; what its methods point at is what was installed.
    UnsafeRawPointer(file!.pointee.pMethods!).assumingMemoryBound(to: FileMethods.self)
  }
}

extension Connection {
  /// Before the connection's first look at the file.
  static func guardFile(of connection: OpaquePointer, locks: Bool) -> Bool {
    var found: UnsafeMutablePointer<sqlite3_file>?
    guard sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &found) == SQLITE_OK,
      let file = found, let original = file.pointee.pMethods
    else { return false }
    let path = sqlite3_db_filename(connection, "main").map { String(cString: $0) } ?? ""
    let installed = UnsafeMutablePointer<FileMethods>.allocate(capacity: 1)
    let index = SharedIndex(path: path + "-shm") { isTaken in
      // Called while the file is open only: by its own methods.
      let flags = (isTaken ? SQLITE_SHM_LOCK : SQLITE_SHM_UNLOCK) | SQLITE_SHM_EXCLUSIVE
      return original.pointee.xShmLock(file, 0, 1, flags) == SQLITE_OK
    }
    installed.initialize(
      to: FileMethods(methods: original.pointee, original: original, index: .passRetained(index)))
    // Without the methods of version 3, which map the file itself.
    installed.pointee.methods.iVersion = min(original.pointee.iVersion, 2)
    installed.pointee.methods.xClose = close
    if original.pointee.iVersion >= 2 {
      installed.pointee.methods.xShmMap = mapIndex
      installed.pointee.methods.xShmLock = lockIndex
      installed.pointee.methods.xShmBarrier = passBarrier
      installed.pointee.methods.xShmUnmap = unmapIndex
    }
    if !locks {
      installed.pointee.methods.xLock = { _, _ in SQLITE_OK }
      installed.pointee.methods.xUnlock = { _, _ in SQLITE_OK }
      installed.pointee.methods.xCheckReservedLock = { _, isReserved in
        isReserved?.pointee = 0
        return SQLITE_OK
      }
    }
    file.pointee.pMethods = UnsafeRawPointer(installed).assumingMemoryBound(to: sqlite3_io_methods.self)
    return true
  }
}

private func close(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Int32 {
  let own = UnsafeMutablePointer(mutating: FileMethods.of(file))
  let status = own.pointee.original.pointee.xClose(file)
  own.pointee.index.release()
  own.deallocate()
  return status
}

private func mapIndex(
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ number: Int32, _ length: Int32, _ extend: Int32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
  let own = FileMethods.of(file)
  let status = own.pointee.original.pointee.xShmMap(file, number, length, extend, out)
  guard let out, let shared = out.pointee else { return status }
  guard status == SQLITE_OK || status == SQLITE_READONLY else { return status }
  out.pointee = own.pointee.index._withUnsafeGuaranteedRef {
    $0.copy(of: Int(number), at: shared, length: Int(length), readOnly: status == SQLITE_READONLY)
  }
  return out.pointee == nil ? csqlite_shared_memory_failed : status
}

private func lockIndex(
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ first: Int32, _ count: Int32, _ flags: Int32
) -> Int32 {
  let own = FileMethods.of(file)
  // The first lock, taken alone, is the one for writing.
  let isForWriting = first == 0 && flags & SQLITE_SHM_EXCLUSIVE != 0
  return own.pointee.index._withUnsafeGuaranteedRef { index in
    if flags & SQLITE_SHM_UNLOCK != 0 {
      // Others look as soon as the lock is free. That nothing could be given to them is told when the next lock is
      // taken.
      _ = index.exchange()
      if isForWriting { (index.isOwned, index.isLocked) = (false, false) }
      return own.pointee.original.pointee.xShmLock(file, first, count, flags)
    }
    let status = own.pointee.original.pointee.xShmLock(file, first, count, flags)
    guard status == SQLITE_OK else { return status }
    if isForWriting { index.isLocked = true }
    guard index.exchange() else {
      if isForWriting { index.isLocked = false }
      let unlock = flags & ~SQLITE_SHM_LOCK | SQLITE_SHM_UNLOCK
      _ = own.pointee.original.pointee.xShmLock(file, first, count, unlock)
      return csqlite_shared_memory_failed
    }
    if isForWriting { index.isOwned = true }
    return SQLITE_OK
  }
}

private func passBarrier(_ file: UnsafeMutablePointer<sqlite3_file>?) {
  let own = FileMethods.of(file)
  own.pointee.original.pointee.xShmBarrier(file)
  _ = own.pointee.index._withUnsafeGuaranteedRef { $0.exchange() }
}

private func unmapIndex(_ file: UnsafeMutablePointer<sqlite3_file>?, _ delete: Int32) -> Int32 {
  let own = FileMethods.of(file)
  own.pointee.index._withUnsafeGuaranteedRef {
    if delete == 0 { _ = $0.exchange() }
    $0.forget()
  }
  return own.pointee.original.pointee.xShmUnmap(file, delete)
}
