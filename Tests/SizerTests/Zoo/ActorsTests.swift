// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private actor Account {
  var name = text()
  let leaf = Leaf()
  var history: [String] = array(text(), text())
}
private actor Empty {}
private actor Cell<Value: Sendable> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
private actor Bank {
  let first = Account()
  let second: Cell<String> = Cell(text())
  var any: (any Actor)? = Empty()
}

/// Runs on the executor of another actor, so it has no queue of its own.
private actor Guest {
  let host: Account
  let string = text()
  init(_ host: Account) { self.host = host }
  nonisolated var unownedExecutor: UnownedSerialExecutor { host.unownedExecutor }
}

@globalActor
private actor Studio {
  static let shared = Studio()
}
@Studio
private final class Recording {
  let string = text()
  nonisolated init() {}
}
@MainActor
private final class View {
  let leaf = Leaf()
  var children: [Leaf] = array(Leaf())
  nonisolated init() {}
}

@Suite("Actors")
struct ActorsTests {
  @Test("a default actor's queue is part of its block")
  func defaultActors() throws {
    try expectExact(objects: 1) { Empty() }
    try expectExact(objects: 6) { Account() }
    try expectExact(objects: 2) { Cell(text()) }
  }

  @Test("actors in actors")
  func nested() throws {
    try expectExact(objects: 10) { Bank() }
  }

  @Test("an actor with another's executor")
  func guest() throws {
    try expectExact(objects: 8) { Guest(Account()) }
  }

  @Test("classes of a global actor")
  func global() throws {
    try expectExact(objects: 2) { Recording() }
    try expectExact(objects: 4) { View() }
  }

  @Test("an actor that has run")
  func afterRunning() async throws {
    let account = Account()
    let before = try HeapSizer().size(of: account)
    _ = await account.name
    let after = try HeapSizer().size(of: account)
    #expect(before == after)
    #expect(after.objectCount == 6)
  }
}
