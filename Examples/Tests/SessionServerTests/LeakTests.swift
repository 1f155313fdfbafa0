// SPDX-License-Identifier: Apache-2.0
import SessionServer
import SizerTesting
import Testing

@Suite("sessions end with their logout")
struct LeakTests {
  // The test that you write: it fails as soon as a session leaks.
  @Test("the cured server does not leak", .noLeaks)
  func cured() {
    visit(Server(hasLeak: false))
  }

  // The negative control, which shows that such a test can fail: here the leak is known, and the test fails if none is
  // found. Take `withKnownIssue` away to see the test fail.
  @Test("the leak is found, and its cycle named")
  func leaky() {
    withKnownIssue("three sessions hold themselves") {
      expectNoLeaks { visit(Server(hasLeak: true)) }
    } matching: { issue in
      let text = "\(issue)"
      return text.contains("leaked, proved: 3 cycles, 3 objects")
        && text.contains("SessionServer.Session -> .onEnd (closure #1 in Server.logIn(_:))")
    }
  }

  // Another question: whether any place in the heap grows by what the same visits leave behind.
  @Test("the table of sessions does not grow")
  func growth() {
    let server = Server(hasLeak: false)
    expectNoGrowth { visit(server) }
  }

  private func visit(_ server: Server) {
    for user in ["ada", "grace", "barbara"] {
      #expect(server.answer("login \(user)") == "hello, \(user)")
      #expect(server.answer("logout \(user)") == "bye, \(user)")
    }
  }
}
