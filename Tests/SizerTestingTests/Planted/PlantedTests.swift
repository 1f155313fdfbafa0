// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerTesting
import TestSupport
import Testing
import XCTest

/// Whether the tests here are to leak: RunnerTests runs them so in a process of its own.
private let areLeaking = ProcessInfo.processInfo.environment["SIZER_PLANTED_LEAKS"] != nil

private func work(_ mayLeak: Bool) {
  if areLeaking && mayLeak { Knot.leak() } else { Knot.tidy() }
}

/// Two tests side by side: both are there before one of them leaks.
private let meeting = Meeting(of: 2)

@Suite(.noLeaks)
struct PlantedTests {
  @Test func leaky() async {
    if areLeaking { await meeting.arrive() }
    work(true)
    if areLeaking { await meeting.arrive() }
  }

  @Test func neat() async {
    if areLeaking { await meeting.arrive() }
    work(false)
    if areLeaking { await meeting.arrive() }
  }
}

final class PlantedXCTests: XCTestCase {
  func testLeaky() { expectNoLeaks { work(true) } }

  func testNeat() { expectNoLeaks { work(false) } }

  func testWaiting() async { await expectNoLeaks { await Task { work(true) }.value } }
}
