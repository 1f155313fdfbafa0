// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private final class Lone {
  final class Inner {}
}

private struct LoneCrate<Content> {
  final class Held {
    let content: Content
    init(_ content: Content) { self.content = content }
  }
}

/// Another file has a private one too.
private final class Twin {}

final class Namesake {}

private func localNamesake() -> Any.Type {
  final class Namesake {}
  return Namesake.self
}

private func locals(_ isFirst: Bool) -> Any.Type {
  if isFirst {
    final class Local {}
    return Local.self
  }
  final class Local {}
  return Local.self
}

extension Array where Element == Lone {
  fileprivate final class Page {}
}

private var allTypes: [Any.Type] {
  [
    Lone.self, LoneCrate<[Lone]>.Held.self, Twin.self, twinElsewhere, Namesake.self, localNamesake(), locals(true),
    locals(false), [Lone].Page.self,
  ]
}

@Suite("names of types")
struct TypeNameTests {
  @Test("what is private has the name that its file gives it, wherever it stands")
  func privateTypes() {
    #expect(typeName(of: Lone.self) == "SizerTests.Lone")
    #expect(typeName(of: Lone.Inner.self) == "SizerTests.Lone.Inner")
    #expect(typeName(of: LoneCrate<Lone>.Held.self) == "SizerTests.LoneCrate<SizerTests.Lone>.Held")
    #expect(typeName(of: [String: Lone?].self) == "Swift.Dictionary<Swift.String, Swift.Optional<SizerTests.Lone>>")
    #expect(typeName(of: ((Lone, Int) -> Void).self) == "(SizerTests.Lone, Swift.Int) -> ()")
    #expect(
      typeName(of: [Lone].Page.self) == "(extension in SizerTests):Swift.Array<SizerTests.Lone>.Page")
  }

  @Test("what others may use keeps the runtime's name")
  func publicTypes() {
    for type in [Namesake.self, Employee.self, [Int].self, (() -> Void).self, (any Error).self, Int.Type.self]
      as [Any.Type]
    {
      #expect(typeName(of: type) == _typeName(type, qualified: true))
    }
  }

  @Test("two of one name are told apart by numbers")
  func namesakes() {
    #expect(Set([Twin.self, twinElsewhere].map(typeName)) == ["SizerTests.Twin#1", "SizerTests.Twin#2"])
    #expect(typeName(of: [Twin].self) == "Swift.Array<\(typeName(of: Twin.self))>")
    #expect(typeName(of: Namesake.self) == "SizerTests.Namesake")
    #expect(typeName(of: localNamesake()) == "SizerTests.Namesake#1")
    #expect(Set([locals(true), locals(false)].map(typeName)) == ["SizerTests.Local#1", "SizerTests.Local#2"])
  }

  @Test("another run says the same")
  func anotherRun() async throws {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      // The other way round: who asks first must not matter.
      for type in allTypes.reversed() { print("name: \(typeName(of: type))") }
    }
    let said = String(decoding: try #require(ended).standardOutputContent, as: UTF8.self)
    let names = said.split(separator: "\n").filter { $0.hasPrefix("name: ") }.map { String($0.dropFirst(6)) }
    #expect(names.reversed() == allTypes.map(typeName))
    #expect(names.count == 9 && !names.contains { $0.contains("$") })
  }

  @Test("a scope that nothing is known of stays what it is, and the discriminators of those who ask for them go")
  func texts() {
    for text in [
      "M.(unknown context at $1).X", "M.(unknown context at $", "(unknown context at $zz).X", "M.(X in _", "(",
      "M.(Twin in _D3B2)",
      "M.(Lone out _D3B2)", "",
    ] {
      #expect(stableName(text) == text)
    }
    #expect(stableName("M.Box<M.(Lone in _D3B21C)>.In") == "M.Box<M.Lone>.In")
  }

  @Test("trees, histograms and exclusions have these names")
  func everywhere() throws {
    let held = LoneCrate<[Lone]>.Held([Lone(), Lone()])
    let tree = try HeapSizer().tree(of: held, depth: 2)
    #expect(tree.name == "SizerTests.LoneCrate<Swift.Array<SizerTests.Lone>>.Held")
    #expect(tree.children[0].children.map(\.typeName) == ["SizerTests.Lone", "SizerTests.Lone"])
    let lone = try #require(try HeapSizer().histogram(of: held).first { $0.typeName == "SizerTests.Lone" })
    #expect(lone.count == 2)
    var options = HeapSizer.Options()
    options.excludedTypeNames = ["SizerTests.Lone"]
    let (all, without) = (try HeapSizer().size(of: held), try HeapSizer(options: options).size(of: held))
    #expect(all.bytes - without.bytes == lone.bytes && lone.bytes > 0)
    withExtendedLifetime(held) {}
  }
}
