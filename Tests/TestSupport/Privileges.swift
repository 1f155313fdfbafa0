// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The superuser may open anything: this thread opens files as nobody while `body` runs.
package func withoutPrivileges(_ body: () throws -> Void) throws {
  guard getuid() == 0 else { return try body() }
  typealias SetUser = @convention(c) (uid_t) -> Int32
  // Swift hides it: its header is not in Glibc's module.
  guard let function = dlsym(nil, "setfsuid") else { throw POSIXError(.ENOSYS) }
  let setUser = unsafeBitCast(function, to: SetUser.self)
  _ = setUser(65_534)
  defer { _ = setUser(0) }
  try body()
}
