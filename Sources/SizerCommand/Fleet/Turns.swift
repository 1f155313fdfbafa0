// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whose turn it is, of some threads that each have a number now and then: the numbers come in order, whoever has them.
/// Somebody with each number must come.
///
// unchecked: what is shared is read and written under the lock.
final class Turns: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var turn = 0
  private var ended = 0

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  /// Returns when all with lower numbers are done.
  func wait(for number: Int) { wait { $0.turn >= number } }

  /// Who has the turn is done.
  func pass() { change { $0.turn += 1 } }

  /// A thread comes no more.
  func end() { change { $0.ended += 1 } }

  /// Returns when so many threads have ended.
  func waitForEnds(of count: Int) { wait { $0.ended >= count } }

  private func wait(until isReached: (Turns) -> Bool) {
    pthread_mutex_lock(lock)
    while !isReached(self) { pthread_cond_wait(changed, lock) }
    pthread_mutex_unlock(lock)
  }

  private func change(_ body: (Turns) -> Void) {
    pthread_mutex_lock(lock)
    body(self)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
  }
}
