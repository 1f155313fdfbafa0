// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LINES_H
#define CSIZER_LINES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Births and deaths without a lock. Each thread has a line, in the processor's sense of the word (two of them, since
// processors fetch pairs): there it says that it is inside of a birth or a death, plainly, and there it has numbers for
// the objects that it makes. Who holds all shards (shards.h) raises a flag, makes every processor pass a barrier by
// membarrier(2), and waits for the lines that are busy. A thread that was not seen busy then reads the flag behind the
// barrier, and takes the way of the shards, where it waits. That pairing of a plain store with a barrier on the other
// side is what membarrier(2) is for.
//
// Without membarrier(2) no thread has a line, and all births and deaths take the way of the shards. So it is where the
// end of a thread can't be told, for a line would not come free by it (csizer_lines_reason).
//
// What is written where. At a birth, in the line: that the thread is inside, and how many numbers and which cells are
// left. Elsewhere: the record, in a slot that was the line's with its number, and the number of the object's place
// (numbers.h). At a death, in the line: that the thread is inside, and no more. Elsewhere: the place, which has no
// number from then on, and the end in the record, which may have come from any thread's line. While the object is born
// or dies nobody else writes either, but for who holds all shards; neighbours in the same lines of the processor are
// other threads'.
//
// There is no log of deaths for each thread: the end is stored where it belongs, plainly, without a look at the record,
// so that the thread does not wait for the record's memory; and a holder finds all ends in their places.

struct csizer_lifetimes;
struct lifetime_record;

/// One thread's. Only that thread touches it, but for who holds all shards.
typedef struct csizer_line {
  /// Whether the thread is inside. Atomic: who holds reads it.
  int is_busy;
  /// The numbers that are left (numbers.h), the next of them and its record; of whose tracker's.
  uint32_t left, next_number;
  struct lifetime_record *next_record;
  struct csizer_lifetimes *owner;
  /// How many were taken last.
  uint32_t taken;
  /// Cells that are left (cells.c), a bit each, and which the first bit means.
  uint32_t first_cell;
  uint64_t cells;
  /// Under the lock of lines.c, which whoever holds all shards has.
  struct csizer_line *next, *next_free;
  bool is_free;
} __attribute__((aligned(128))) csizer_line;

/// The calling thread's; NULL until it has one.
extern _Thread_local __attribute__((tls_model("initial-exec"))) csizer_line *csizer_line_own;

/// Whether the lines are to stay out: LINES_HELD while somebody holds all shards, LINES_OUT while he waits for those
/// that are inside, and for ever where there is no barrier any more. Atomic.
enum { LINES_IN, LINES_OUT, LINES_HELD };
extern int csizer_lines_held;

/// Whether it is the calling thread that keeps the others out.
extern _Thread_local __attribute__((tls_model("initial-exec"))) bool csizer_lines_are_own;

/// LINES_HELD: who holds all shards waits for nobody any more.
static inline int lines_state(void) { return __atomic_load_n(&csizer_lines_held, __ATOMIC_ACQUIRE); }

/// From here to line_leave nobody holds all shards. NULL: the thread has no line, is inside already (a signal handler's
/// birth), or has to wait; then it takes the way of the shards.
static inline csizer_line *line_enter(void) {
  csizer_line *line = csizer_line_own;
  // Relaxed, here and below: the thread's own word, of which a holder hears by the barrier that it has all threads
  // pass.
  if (__builtin_expect(!line || __atomic_load_n(&line->is_busy, __ATOMIC_RELAXED), 0)) return NULL;
  __atomic_store_n(&line->is_busy, 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);  // the processor's order is the holder's business
  if (__builtin_expect(__atomic_load_n(&csizer_lines_held, __ATOMIC_ACQUIRE), 0)) {
    __atomic_store_n(&line->is_busy, 0, __ATOMIC_RELEASE);
    return NULL;
  }
  return line;
}

static inline void line_leave(csizer_line *line) { __atomic_store_n(&line->is_busy, 0, __ATOMIC_RELEASE); }

/// As if the calling thread were inside, while it holds a shard: what a signal handler does meanwhile must not wait for
/// that. NULL: it has no line, or is inside. Ended by line_leave.
static inline csizer_line *line_occupy(void) {
  csizer_line *line = csizer_line_own;
  if (!line || __atomic_load_n(&line->is_busy, __ATOMIC_RELAXED)) return NULL;
  __atomic_store_n(&line->is_busy, 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return line;
}

/// Whether the calling thread is inside: what comes from a signal handler meanwhile can't wait for anybody.
static inline bool line_is_busy(void) {
  return csizer_line_own && __atomic_load_n(&csizer_line_own->is_busy, __ATOMIC_RELAXED);
}

/// The calling thread's line, made when it has none; NULL when there can be none. Holding no shard.
csizer_line *csizer_line_make(void);

/// Why no thread has a line, as a static string; empty when threads have. Any thread.
const char *csizer_lines_reason(void);

/// Keeps all threads out of their lines, once those that are inside have left; and lets them in again. Holding all
/// shards.
void csizer_lines_hold(void);
void csizer_lines_release(void);

/// Frees the lines of all threads but the calling one, in a child that has only this. Holding all shards.
void csizer_lines_survive_fork(void);

/// Calls `visit` for each line that there is, free ones too. Holding all shards.
void csizer_lines_each(void (*visit)(void *context, csizer_line *line), void *context);

#endif
