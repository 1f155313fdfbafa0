// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

extension Stress {
  /// The runtime and the loader are in the middle of their work whenever the image is taken.
  @Suite struct MetadataInTheMakingTests {
    @Test("types that are made in mid-snapshot by eight threads")
    func types() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.track(class: Holder.self, name: "holder")
        let crew = Crew(of: 8, prepare: { _ in [Holder]() }) { holders, step in
          if holders.count == 50 { holders.removeAll() }
          holders.append(Holder(path: step))
        }
        defer { crew.stop() }
        try Stress.repeating(share: 0.08) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          quiet.expect(in: snapshot)
          let holders = try #require(snapshot.classes["holder"])
          #expect((0...8 * 51).contains(holders.active))
          // The object, a box for what the existential holds, and the object of a type of its own: below 1 KiB each.
          #expect(holders.bytes <= holders.active * 3 * 1024)
        }
      }
    }

    @Test("images that are loaded and unloaded, and a thread that holds the loader's lock")
    func images() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        let loader = Crew(of: 2) { _ in
          if let library = dlopen("libBrokenLocale.so.1", RTLD_NOW | RTLD_LOCAL) { dlclose(library) }
        }
        typealias Callback = @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32
        typealias Iterate = @convention(c) (Callback, UnsafeMutableRawPointer?) -> Int32
        let iterate = unsafeBitCast(dlsym(nil, "dl_iterate_phdr"), to: Iterate.self)
        let holder = Crew(of: 1) { _ in
          // The loader's lock is held while the callback sleeps.
          _ = iterate({ _, _, _ in usleep(500) + 1 }, nil)
        }
        let reflector = Crew(of: 2) { step in
          _ = _typeName(type(of: Holder(path: step).layer), qualified: true)
        }
        defer { for crew in [loader, holder, reflector] { crew.stop() } }
        try Stress.repeating(share: 0.06) { quiet.expect(in: try tracker.createSnapshot(mode: .frozen)) }
      }
    }
  }
}

/// Each layer around a value is a type that the runtime makes when it is first met.
private protocol Layer {
  func left() -> any Layer
  func right() -> any Layer
  func boxed() -> AnyObject
}

extension Layer {
  func left() -> any Layer { Left(inner: self) }
  func right() -> any Layer { Right(inner: self) }
  func boxed() -> AnyObject { Boxed(self) }
}

private struct Leaf: Layer {
  var value: Int
}
private struct Left<Inner: Layer>: Layer {
  var inner: Inner
}
private struct Right<Inner: Layer>: Layer {
  var inner: Inner
  var flag = true
}
private final class Boxed<Value> {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// Holds a value and an object of types that nobody has met before, as long as the paths are new: 2^14 of them.
private final class Holder {
  fileprivate let layer: any Layer
  private let object: AnyObject

  init(path: Int) {
    var layer: any Layer = Leaf(value: path)
    for level in 0..<14 { layer = (path &* 2_654_435_761) >> level & 1 == 0 ? layer.left() : layer.right() }
    self.layer = layer
    object = layer.boxed()
  }
}
