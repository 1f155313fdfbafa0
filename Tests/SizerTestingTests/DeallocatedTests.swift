// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerTesting
import Synchronization
import TestSupport
import Testing

@Suite("Objects are expected to end")
struct DeallocatedTests {
  @Test("one that ends is fine, at once or in time")
  func ends() async {
    let found = await findings {
      expectDeallocated { Knot() }
      let knot = Knot()
      expectDeallocated(consume knot)
      await expectDeallocated(within: .seconds(60)) {
        let held = Knot()
        await Task.yield()
        Task.detached {
          try? await Task.sleep(for: .milliseconds(5))
          keepAlive(held)
        }
        return held
      }
    }
    #expect(found.map(\.text) == [])
  }

  @Test("one that a global holds fails with the path from there")
  func held() throws {
    let found = findings {
      expectDeallocated {
        let knot = Knot()
        shelf.withLock { $0 = [knot] }
        return knot
      }
    }
    let finding = try #require(found.first)
    #expect(finding.isFailure)
    #expect(finding.text.contains("\(typeName(of: Knot.self)) is still alive"))
    #expect(finding.text.contains("held by global SizerTestingTests.shelf"))
    shelf.withLock { $0 = [] }
  }

  @Test("one that holds itself fails with the cycle")
  func cycle() async throws {
    let found = await findings {
      await expectDeallocated {
        let knot = Knot()
        await Task.yield()
        knot.closure = { keepAlive(knot) }
        return knot
      }
    }
    let finding = try #require(found.first)
    #expect(finding.text.contains("held by nothing but the cycle"))
    #expect(finding.text.contains(".closure (closure #1"))
  }

  @Test("what the maker throws is thrown on")
  func throwing() {
    struct Refusal: Error {}
    #expect(throws: Refusal.self) { try expectDeallocated { () throws -> Knot in throw Refusal() } }
  }
}
