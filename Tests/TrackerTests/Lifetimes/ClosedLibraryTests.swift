// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Sizer
import TestSupport
import Testing

private let source = """
  open class Plugged { public let number = 1; public init() {} }
  public final class Heir: Plugged {}
  public final class Holder<Kind>: Plugged { public var kind: Kind?; }
  @_cdecl("plugged_type") public func type() -> UnsafeRawPointer {
    unsafeBitCast(Plugged.self as AnyClass, to: UnsafeRawPointer.self)
  }
  @_cdecl("plugged_make") public func make(_ count: Int) {
    for _ in 0..<count {
      withExtendedLifetime((Plugged(), Heir(), Holder<Heir>())) {}
    }
  }
  """

/// A library that a compiler makes of ``source``.
private func makeLibrary(in folder: TemporaryFolder) throws -> String {
  let (file, library) = (folder.path("plugin.swift"), folder.path("libplugin.so"))
  try source.write(toFile: file, atomically: true, encoding: .utf8)
  let compiler = Process()
  compiler.executableURL = URL(filePath: "/usr/bin/env")
  compiler.arguments = ["swiftc", "-Onone", "-emit-library", "-module-name", "Plugin", file, "-o", library]
  try compiler.run()
  compiler.waitUntilExit()
  guard compiler.terminationStatus == 0 else { throw POSIXError(.ENOEXEC) }
  return library
}

/// The library, open; its one class that is tracked; and what makes objects of three classes, which die at once.
private struct Plugin {
  let handle: UnsafeMutableRawPointer
  let type: AnyClass
  let make: @convention(c) (Int) -> Void

  init(_ path: String) throws {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let type = dlsym(handle, "plugged_type"),
      let make = dlsym(handle, "plugged_make")
    else { throw POSIXError(.ENOENT) }
    self.handle = handle
    // Both are what the source above says.
    let typeFunction = unsafeBitCast(type, to: (@convention(c) () -> UnsafeRawPointer).self)
    self.type = unsafeBitCast(typeFunction(), to: AnyClass.self)
    self.make = unsafeBitCast(make, to: (@convention(c) (Int) -> Void).self)
  }

  /// Whether it is gone.
  func close(_ path: String) -> Bool {
    dlclose(handle) == 0 && dlopen(path, RTLD_NOW | RTLD_NOLOAD) == nil
  }
}

/// Tracks the library's class, sees objects of it come and go, and sees the library go.
private func trackAndClose(_ path: String, _ tracker: ClassTracker) throws -> AnyClass {
  let plugin = try Plugin(path)
  try tracker.track(class: plugin.type, name: "plugged", resolutionLevel: 1, trace: true)
  plugin.make(10)
  try tracker.createSnapshot("open")
  guard plugin.close(path) else { exit(9) }
  return plugin.type
}

@Suite("A library is closed whose class is tracked", .serialized)
struct ClosedLibraryTests {
  /// For the exit tests, whose processes get no values.
  private static let variable = "SIZER_TEST_PLUGIN"
  private static func path() -> String { String(cString: getenv(variable)!) }

  private func withLibrary(_ body: () async -> Void) async throws {
    let folder = try TemporaryFolder()
    setenv(Self.variable, try makeLibrary(in: folder), 1)
    await body()
    unsetenv(Self.variable)
  }

  @Test("then everything still works, and what was recorded stays")
  func closed() async throws {
    try await withLibrary {
      await #expect(processExitsWith: .success) {
        let (tracker, other) = (ClassTracker(), ClassTracker())
        try other.track(class: Leaf.self, name: "leaf")
        let type: AnyClass = try trackAndClose(Self.path(), tracker)
        try tracker.createSnapshot("closed")
        let statistics = tracker.statistics
        let names = Dictionary(grouping: statistics.objects, by: \.className).mapValues(\.count)
        #expect(names == ["Plugin.Plugged": 10, "Plugin.Heir": 10, "Plugin.Holder<Plugin.Heir>": 10])
        #expect(statistics.objects.allSatisfy { $0.death != nil })
        let leaf = made { Leaf() }
        #expect(try other.active("leaf") == 1)
        try other.detach(class: Leaf.self)
        try tracker.detach(class: type)
        // Nothing of the class can be read any more, not even its name.
        #expect(throws: SizerError.self) { try tracker.detach(class: type) }
        tracker.detachAll()
        tracker.close()
        other.close()
        #expect(tracker.statistics.objects.count == 30)
        keepAlive(leaf)
      }
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        _ = try trackAndClose(Self.path(), tracker)
        tracker.clear()
        let again = ClassTracker()
        // The same class at the same place, or another: it is new.
        for _ in 0..<3 {
          _ = try trackAndClose(Self.path(), again)
          again.detachAllClasses()
        }
        #expect(again.statistics.objects.count == 90)
        again.close()
      }
    }
  }

  @Test("a pattern means the classes of a library that is opened later, and each time anew")
  func named() async throws {
    try await withLibrary {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        try tracker.track(classesNamed: "Plugin.H*")
        for round in 1...3 {
          let plugin = try Plugin(Self.path())
          plugin.make(10)
          try tracker.createSnapshot(mode: .inPlace)
          #expect(tracker.statistics.objects.count == 20 * round)
          guard plugin.close(Self.path()) else { exit(9) }
          try tracker.createSnapshot(mode: .inPlace)
        }
        let names = Dictionary(grouping: tracker.statistics.objects, by: \.name).mapValues(\.count)
        #expect(names == ["Plugin.Heir": 30, "Plugin.Holder<Plugin.Heir>": 30])
        #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
        try tracker.detach(classesNamed: "Plugin.H*")
        tracker.close()
      }
    }
  }
}
