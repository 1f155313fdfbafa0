// SPDX-License-Identifier: Apache-2.0

import VisitorServer

/// The server in a program that links no Sizer: what others add to its requests is measured against it.
@main
enum AgentServer {
  static func main() throws { _ = try VisitorServer().run() }
}
