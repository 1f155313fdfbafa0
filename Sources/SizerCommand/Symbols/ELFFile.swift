// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What stands in a program, a library or a file of symbols (elf(5)), as far as commands ask. The file may come from a
/// stranger: what lies outside of it is not there.
struct ELFFile {
  private struct Section {
    var name: String
    var kind: UInt32
    var offset: UInt64
    var size: UInt64
    var link: Int
  }

  private let file: Int32
  private let sections: [Section]
  /// Whether it asks for a loader: only that preloads.
  let hasInterpreter: Bool
  /// The machine that it is for: EM_X86_64 and so on.
  let machine: UInt16

  /// nil when the file is no executable of 64 bits. `file` is read only while this value is used.
  init?(_ file: Int32) {
    guard let header = Self.read(file, 0, 64), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
    self.file = file
    machine = header.load(18, as: UInt16.self)
    let (offset, size, count) = (
      header.load(32, as: UInt64.self), Int(header.load(54, as: UInt16.self)), Int(header.load(56, as: UInt16.self))
    )
    guard size >= 56, let table = Self.read(file, offset, size * count) else { return nil }
    let interpreter: UInt32 = 3
    hasInterpreter = (0..<count).contains { table.load($0 * size, as: UInt32.self) == interpreter }
    sections = Self.sections(file, header)
  }

  private static func sections(_ file: Int32, _ header: [UInt8]) -> [Section] {
    let (offset, size, count) = (
      header.load(40, as: UInt64.self), Int(header.load(58, as: UInt16.self)), Int(header.load(60, as: UInt16.self))
    )
    guard size >= 64, count > 0, let table = read(file, offset, size * count) else { return [] }
    var sections = (0..<count).map { number in
      let at = number * size
      return Section(
        name: "", kind: table.load(at + 4, as: UInt32.self), offset: table.load(at + 24, as: UInt64.self),
        size: table.load(at + 32, as: UInt64.self), link: Int(table.load(at + 40, as: UInt32.self)))
    }
    let names = Int(header.load(62, as: UInt16.self))
    guard names < count, let texts = read(file, sections[names]) else { return sections }
    for number in 0..<count {
      sections[number].name = texts.text(at: Int(table.load(number * size, as: UInt32.self)))
    }
    return sections
  }

  func hasSection(_ name: String) -> Bool { sections.contains { $0.name == name } }

  /// Whether the table that `strip -s` takes away is there.
  var hasSymbols: Bool { sections.contains { $0.kind == Self.symbols } }

  /// What the linker named the build, in hexadecimal digits; nil when it did not. A note: the lengths of the owner's
  /// name and of the text, a kind, and both (elf(5), "Notes").
  var buildID: String? {
    guard let section = sections.first(where: { $0.name == ".note.gnu.build-id" }), section.size <= 4096,
      let note = Self.read(file, section), note.count > 16, note[12...].starts(with: [0x47, 0x4E, 0x55, 0])
    else { return nil }
    let length = Int(note.load(4, as: UInt32.self))
    guard length > 0, length <= note.count - 16 else { return nil }
    return note[16..<16 + length].map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// The libraries that it asks for.
  var libraries: [String] {
    let (dynamic, needed): (UInt32, UInt64) = (6, 1)
    guard let section = sections.first(where: { $0.kind == dynamic }), sections.indices.contains(section.link),
      let entries = Self.read(file, section), let texts = Self.read(file, sections[section.link])
    else { return [] }
    return stride(from: 0, to: entries.count - 15, by: 16).compactMap { at in
      guard entries.load(at, as: UInt64.self) == needed else { return nil }
      return Int(exactly: entries.load(at + 8, as: UInt64.self)).map { texts.text(at: $0) }
    }
  }

  /// Which of these names it defines, hidden ones and those that the loader knows.
  func defined(of names: Set<String>) -> Set<String> {
    let ofLoader: UInt32 = 11
    var found: Set<String> = []
    for section in sections where section.kind == Self.symbols || section.kind == ofLoader {
      guard sections.indices.contains(section.link), let table = Self.read(file, section),
        let texts = Self.read(file, sections[section.link])
      else { continue }
      for at in stride(from: 0, to: table.count - 23, by: 24) where table.load(at + 6, as: UInt16.self) != 0 {
        let name = Int(table.load(at, as: UInt32.self))
        // Most of some hundred thousand names begin otherwise.
        guard texts.indices.contains(name), names.contains(where: { $0.utf8.first == texts[name] }) else { continue }
        let text = texts.text(at: name)
        if names.contains(text) { found.insert(text) }
      }
    }
    return found
  }

  private static let symbols: UInt32 = 2

  private static func read(_ file: Int32, _ section: Section) -> [UInt8]? {
    Int(exactly: section.size).flatMap { read(file, section.offset, $0) }
  }

  private static func read(_ file: Int32, _ offset: UInt64, _ count: Int) -> [UInt8]? {
    var status = stat()
    guard let offset = Int(exactly: offset), count >= 0, fstat(file, &status) == 0, offset <= Int(status.st_size),
      count <= Int(status.st_size) - offset
    else { return nil }
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      while filled < count {
        let got = pread(file, room.baseAddress! + filled, count - filled, offset + filled)
        if got <= 0 { break }
        filled += got
      }
      isWhole = filled == count
    }
    return isWhole ? bytes : nil
  }
}

extension [UInt8] {
  /// A number at a place that the caller has checked.
  fileprivate func load<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Number {
    withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  /// The text up to the next zero; empty outside.
  fileprivate func text(at offset: Int) -> String {
    guard indices.contains(offset) else { return "" }
    return String(decoding: self[offset...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
