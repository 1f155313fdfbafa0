// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestSupport
import Testing

/// Two allocators in one process end it: what libc's allocates, `free` of the program gives to the other one. Each
/// library's blocks must be in the account of the arena in which its caller allocates.
@Suite("One allocator for all")
struct OneAllocatorTests {
  private static let bytes = 300_000

  private func expectServed(
    _ library: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ make: () -> UnsafeMutableRawPointer,
    _ end: (UnsafeMutableRawPointer) -> Void
  ) throws {
    let arena = try Arena()
    let made = try arena.inside(make)
    let account = try arena.bytes()
    #expect(account >= Self.bytes, library, sourceLocation: sourceLocation)
    end(made)
    keepAlive(arena)
  }

  private func function<Function>(_ name: String, as type: Function.Type) throws -> Function {
    unsafeBitCast(try #require(dlsym(nil, name), "no library has \(name)"), to: type)
  }

  @Test("libc, for itself and for whoever calls it")
  func libc() throws {
    let text = String(repeating: "a", count: Self.bytes)
    try expectServed("strdup") {
      UnsafeMutableRawPointer(strdup(text))
    } _: {
      free($0)
    }
    try expectServed("open_memstream") {
      var out: UnsafeMutablePointer<CChar>?
      var count = 0
      let stream = open_memstream(&out, &count)!
      fputs(text, stream)
      fclose(stream)
      return UnsafeMutableRawPointer(out!)
    } _: {
      free($0)
    }
    try expectServed("posix_memalign") {
      var out: UnsafeMutableRawPointer?
      posix_memalign(&out, 4096, Self.bytes)
      return out!
    } _: {
      free($0)
    }
  }

  @Test("the C++ runtime")
  func cxx() throws {
    let new = try function("_Znwm", as: (@convention(c) (Int) -> UnsafeMutableRawPointer).self)
    let delete = try function("_ZdlPv", as: (@convention(c) (UnsafeMutableRawPointer) -> Void).self)
    try expectServed("operator new") {
      new(Self.bytes)
    } _: {
      delete($0)
    }
  }

  @Test("the Swift runtime and the standard library")
  func swift() throws {
    try expectServed("an array's buffer") {
      Unmanaged.passRetained([UInt8](repeating: 1, count: Self.bytes + number(0)) as AnyObject).toOpaque()
    } _: {
      Unmanaged<AnyObject>.fromOpaque($0).release()
    }
    try expectServed("UnsafeMutableRawPointer.allocate") {
      .allocate(byteCount: Self.bytes, alignment: 64)
    } _: {
      $0.deallocate()
    }
  }

  @Test("Foundation, and CoreFoundation's C code")
  func foundation() throws {
    try expectServed("NSMutableData") {
      Unmanaged.passRetained(NSMutableData(length: Self.bytes)!).toOpaque()
    } _: {
      Unmanaged<NSMutableData>.fromOpaque($0).release()
    }
  }
}
