// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The library that is preloaded.
enum AgentFile {
  static let name = "libSizerAgent.so"

  /// Its resolved path: the one that was named, or the one that lies beside this program or in a `lib` beside its
  /// folder.
  static func find(_ named: String?) throws -> String {
    if let named {
      guard let path = resolved(named) else { throw Failure(message: "\(named) is not there; build it: ./build-agent") }
      return try checked(path)
    }
    let own = resolved("/proc/self/exe") ?? ""
    let folder = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
    let places = ["\(folder)/\(name)", "\(folder)/../lib/\(name)"]
    guard let path = places.lazy.compactMap({ resolved($0) }).first else {
      throw Failure(
        message: "\(name) is not beside \(own); build it there (./build-agent \(folder)), or name it with --agent")
    }
    return try checked(path)
  }

  /// jemalloc, where Debian, Ubuntu, Fedora and Alpine's relatives with glibc put it.
  static func jemalloc() throws -> String {
    var names = utsname()
    uname(&names)
    let machine = withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let folders = [
      "/usr/lib/\(machine)-linux-gnu", "/lib/\(machine)-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
    ]
    guard let path = folders.lazy.compactMap({ resolved("\($0)/libjemalloc.so.2") }).first else {
      throw Failure(message: "libjemalloc.so.2 is not installed; install it: apt-get install libjemalloc2")
    }
    return try checked(path)
  }

  // The loader takes a colon or a space for the end of a path, and has no way to write one.
  private static func checked(_ path: String) throws -> String {
    guard !path.contains(":"), !path.contains(" ") else {
      throw Failure(message: "\(path) can't be preloaded: its path has a space or a colon; move it")
    }
    return path
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}
