// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

/// The call that a reader of a trace looks for.
@Suite struct SiteTests {
  private func frame(
    _ function: String?, file: String? = "/srv/app/main.swift", image: String? = "/srv/app/server"
  )
    -> StackTrace.Frame
  {
    StackTrace.Frame(address: 1, function: function, file: file, line: 1, image: image)
  }

  private func site(_ frames: StackTrace.Frame...) -> String? { StackTrace(frames: frames).site?.function }

  @Test("it is behind the class's initialisers, and they are of that class only")
  func initialisers() {
    let make = frame("Shop.open(_:)")
    #expect(site(frame("Session.__allocating_init(user:)"), make) == "Shop.open(_:)")
    #expect(
      site(frame("Session.__allocating_init(user:)"), frame("Session.__allocating_init()"), make) == "Shop.open(_:)")
    #expect(site(frame("Session.__allocating_init()"), frame("Session.init()"), make) == "Shop.open(_:)")
    #expect(site(frame("specialized Box.__allocating_init(_:)"), frame("Box.init(_:)"), make) == "Shop.open(_:)")
    // Who makes it in an initialiser of their own is who is looked for.
    #expect(site(frame("Session.__allocating_init()"), frame("Shop.init(name:)"), make) == "Shop.init(name:)")
    #expect(site(frame("Session.init()"), make) == "Session.init()")
    #expect(site(make, frame("Session.__allocating_init()")) == "Shop.open(_:)")
  }

  @Test("libraries, other packages and what the compiler made come before it")
  func foreign() {
    let make = frame("Shop.open(_:)")
    let standard = frame("swift_allocObject", file: nil, image: "/usr/lib/swift/linux/libswiftCore.so")
    let inlined = frame("specialized Array.append(_:)", file: "/build/swift/stdlib/public/core/Array.swift")
    let package = frame("ByteBuffer.init()", file: "/srv/app/.build/checkouts/swift-nio/Sources/NIOCore/x.swift")
    let witness = frame("protocol witness for Maker.make() in conformance Shop")
    let generated = frame("closure #1 in Shop", file: "/<compiler-generated>")
    #expect(site(standard, inlined, package, witness, generated, frame(nil), make) == "Shop.open(_:)")
    // Without debug information the program's image is what tells.
    #expect(site(standard, frame("Shop.open(_:)", file: nil)) == "Shop.open(_:)")
  }

  @Test("where nothing is the program's own, it is what called the initialiser")
  func none() {
    let standard = frame("swift_allocObject", file: nil, image: "/usr/lib/swift/linux/libswiftCore.so")
    #expect(site(frame("Session.__allocating_init()"), standard) == "swift_allocObject")
    #expect(site(frame("Session.__allocating_init()")) == "Session.__allocating_init()")
    #expect(StackTrace(frames: [frame(nil), frame(nil)]).siteDepth == 0)
    #expect(StackTrace().site == nil && StackTrace().siteDepth == 0)
  }
}
