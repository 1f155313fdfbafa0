// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Lets signals come through to this thread, as they do in a program's own: threads that libdispatch makes block most
/// of them.
package func openSignals(_ signals: Int32...) {
  var set = sigset_t()
  sigemptyset(&set)
  for signal in signals { sigaddset(&set, signal) }
  pthread_sigmask(SIG_UNBLOCK, &set, nil)
}
