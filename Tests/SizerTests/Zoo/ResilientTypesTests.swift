// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

// Types of a module that was built with library evolution: sizes and places are known at run time only. SwiftPM builds
// no such module, so these tests have the compiler build one, and a client of it.

private let library = """
  public final class Leaf { public var a = 1, b = 2; public init() {} }
  public struct Value { public var leaf = Leaf(); var hidden = Array(repeating: 1, count: 3); public init() {} }
  public struct Large { var one = Leaf(), two = Leaf(); var a = 1, b = 2, c = 3; public init() {} }
  public enum Choice {
    case a(Leaf), b([Int]), c
    public static func make() -> Choice { .b(Array(repeating: 1, count: 3)) }
  }
  public struct Token: ~Copyable { var leaf = Leaf(); public init() {} }
  open class Base { public var leaf = Leaf(); var hidden = Leaf(); public init() {} }
  open class Generic<T> { public var t: T; var hidden = Leaf(); public init(_ t: T) { self.t = t } }
  """

private let client = """
  import Foundation
  import Resilient
  import Synchronization
  func data() -> Data { Data(repeating: 1, count: 100 + CommandLine.arguments.count / 1000000) }
  final class Last: Base { let leaf2 = Leaf(); let known = data() }
  class Open: Base { let leaf2 = Leaf(); let known = data() }
  final class Deep: Open { let more = data() }
  final class Specific: Generic<Leaf> { let leaf2 = Leaf(); let known = data() }
  final class Other<U>: Generic<U> { let u: U; let known = data(); init(u: U) { self.u = u; super.init(u) } }
  enum Mine { case value(Value), data(Data), leaf(Leaf) }
  final class Fields {
    let value = Value(), maybe = Optional(Value()), choice = Choice.make(), none = Choice.c, large = Large()
    let token = Token(), missing: Token? = nil, mutex = Mutex<[Choice]>([Choice.make()])
    let mine = [Mine.value(Value()), .data(data()), .leaf(Leaf())]
    let known = data()
  }
  final class Holder { let run: () -> Void; init(_ run: @escaping () -> Void) { self.run = run } }
  @inline(never) func keep<T: ~Copyable>(_ value: borrowing T) {
    if CommandLine.arguments.count > 100000 { withUnsafePointer(to: value) { print($0) } }
  }
  func first() -> Holder { let value = Value(), known = data(); return Holder { keep(value); keep(known) } }
  func last() -> Holder { let value = Large(), known = data(); return Holder { keep(known); keep(value) } }
  func generic<T>(_ t: T) -> Holder { let value = Value(); return Holder { keep(value); keep(t) } }
  func tuple() -> Holder {
    let value = (Value(), Leaf(), Choice.make())
    return Holder { keep(value.0); keep(value.1); keep(value.2) }
  }
  func mine() -> Holder { let value = Mine.value(Value()), known = data(); return Holder { keep(value); keep(known) } }
  @_cdecl("resilient_make") public func make(_ number: Int) -> UnsafeMutableRawPointer? {
    let makers: [() -> AnyObject] = [
      { Last() }, { Open() }, { Deep() }, { Specific(Leaf()) }, { Other(u: Leaf()) }, { Other(u: data()) },
      { Fields() },
      { first() }, { last() }, { generic(data()) }, { generic(Leaf()) }, { tuple() }, { mine() },
    ]
    return number < makers.count ? Unmanaged.passRetained(makers[number]()).toOpaque() : nil
  }
  """

/// The client, built and loaded: what makes its objects.
private func loadedMaker(
  in folder: URL, optimised: Bool
) throws -> @convention(c) (Int) -> UnsafeMutableRawPointer? {
  let mode = optimised ? "-O" : "-Onone"
  func build(_ source: String, _ name: String, _ arguments: [String]) throws {
    try source.write(to: folder.appendingPathComponent("\(name).swift"), atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.currentDirectoryURL = folder
    compiler.arguments =
      ["swiftc", mode, "-emit-library", "-emit-module", "-module-name", name, "\(name).swift", "-o", "lib\(name).so"]
      + arguments
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }
  // An image of a name that is loaded already would be taken for it.
  let suffix = optimised ? "Optimised" : "Plain"
  let importing = client.replacingOccurrences(of: "import Resilient", with: "import Resilient\(suffix)")
  try build(library, "Resilient\(suffix)", ["-enable-library-evolution"])
  try build(
    importing, "Client\(suffix)", ["-I.", "-L.", "-lResilient\(suffix)", "-Xlinker", "-rpath=\(folder.path)"])
  let image = try #require(
    dlopen(folder.appendingPathComponent("libClient\(suffix).so").path, RTLD_NOW | RTLD_LOCAL))
  let symbol = try #require(dlsym(image, "resilient_make"))
  return unsafeBitCast(symbol, to: (@convention(c) (Int) -> UnsafeMutableRawPointer?).self)
}

@Suite("Types of a resilient module", .serialized)
struct ResilientTypesTests {
  @Test("subclasses, fields and captures", arguments: [false, true])
  func all(optimised: Bool) throws {
    // The images' files are read for the names of symbols.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sizer-resilient-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let make = try loadedMaker(in: folder, optimised: optimised)
    var count = 0
    while let object = make(count) {
      Unmanaged<AnyObject>.fromOpaque(object).release()
      let number = count
      try expectExactAndSome("\(number)") {
        Unmanaged<AnyObject>.fromOpaque(try #require(make(number))).takeRetainedValue()
      }
      count += 1
    }
    #expect(count == 13)
  }
}
