// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Runs `body` with signals held back that the kernel sends to the very thread that writes: SIGXFSZ where a file may
/// not grow any further, SIGPIPE where nobody reads. The write then fails by its error number alone (EFBIG, EPIPE), and
/// the process goes on.
///
/// What the process wants done with these signals is left alone; only this thread's mask changes, and is what it was
/// afterwards. A signal that came while it was held is taken away; one that was pending before stays.
package func holdingSignals<Result: ~Copyable, Failure: Error>(
  _ signals: [Int32] = [SIGXFSZ], _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  var held = sigset_t()
  sigemptyset(&held)
  for signal in signals { sigaddset(&held, signal) }
  var pending = sigset_t()
  sigpending(&pending)
  // Those that wait already are somebody else's to take.
  var ours = sigset_t()
  sigemptyset(&ours)
  for signal in signals where sigismember(&pending, signal) == 0 { sigaddset(&ours, signal) }
  var mask = sigset_t()
  pthread_sigmask(SIG_BLOCK, &held, &mask)
  defer {
    // What is sent to a thread is taken before what is sent to its process. Not waited for: it is there or it is not.
    let number = errno
    var now = timespec()
    while sigtimedwait(&ours, nil, &now) > 0 {}
    pthread_sigmask(SIG_SETMASK, &mask, nil)
    errno = number
  }
  return try body()
}
