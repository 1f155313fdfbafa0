// SPDX-License-Identifier: Apache-2.0

/// How much a client may take of the thread that serves, and for how long.
package struct LiveLimits: Sendable {
  /// Connections at a time of all clients together.
  package var connections = LiveSocket.mostConnections
  /// Connections at a time of one process.
  package var connectionsOfProcess = 8
  /// How long a request may take to come.
  package var patience: Duration = .seconds(5)
  /// How long an answer may take to be read, and for each MiB of it.
  package var readingPatience: (base: Duration, eachMiB: Duration) = (.seconds(30), .seconds(1))
  /// How long a client that was refused is listened to, so that it can read why.
  package var farewell: Duration = .seconds(1)
  /// How many bytes of answers wait to be read before nothing more is looked up.
  package var unreadBytes = 64 << 20
  /// After work the thread rests for as long as it took, at most so long.
  package var longestRest: Duration = .seconds(1)

  package init() {}
}
