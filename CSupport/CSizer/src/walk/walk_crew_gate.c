// SPDX-License-Identifier: Apache-2.0
// The states of a crew's turns: walk_crew_gate.h.
#include "platform/backoff.h"
#include "platform/futex.h"
#include "walk/walk_crew_internal.h"

#ifdef CSIZER_CHECKS
void (*csizer_crew_passes_by)(int place);
#endif

enum { CLOSED, OPEN, JOINED, OVER, STATES };

static uint32_t word_of(const crew_gate *gate) { return __atomic_load_n(&gate->word, __ATOMIC_ACQUIRE); }

static void set(crew_gate *gate, uint32_t word) {
  __atomic_store_n(&gate->word, word, __ATOMIC_RELEASE);
  csizer_futex_wake(&gate->word);
}

// Relaxed when it is refused: then nothing is done.
static bool change(crew_gate *gate, uint32_t from, uint32_t to) {
  return __atomic_compare_exchange_n(&gate->word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void csizer_crew_gate_init(crew_gate *gate) { gate->word = CLOSED; }

void csizer_crew_gate_open(crew_gate *gate) { set(gate, (word_of(gate) / STATES + 1) * STATES + OPEN); }

bool csizer_crew_gate_close_if_alone(crew_gate *gate) {
  const uint32_t word = word_of(gate);
  CREW_PASSES_BY(1);
  return word % STATES == OPEN && change(gate, word, word - OPEN + CLOSED);
}

enum { PATIENT = 80 };  // tries of a backoff, before it would sleep

void csizer_crew_gate_await_closed(crew_gate *gate) {
  uint32_t word;
  for (unsigned tries = 0; (word = word_of(gate)) % STATES != CLOSED; tries++) {
    CREW_PASSES_BY(2);
    if (tries < PATIENT) csizer_backoff(tries);
    else csizer_futex_wait(&gate->word, word);
  }
}

void csizer_crew_gate_dismiss(crew_gate *gate) { set(gate, OVER); }

bool csizer_crew_gate_is_open(const crew_gate *gate) { return word_of(gate) % STATES == OPEN; }

bool csizer_crew_gate_is_closed(const crew_gate *gate) {
  const uint32_t state = word_of(gate) % STATES;
  return state == CLOSED || state == OVER;
}

bool csizer_crew_gate_join(crew_gate *gate, uint32_t *ret_turn) {
  for (unsigned tries = 0;; tries++) {
    const uint32_t word = word_of(gate);
    CREW_PASSES_BY(3);
    if (word % STATES == OVER) return false;
    if (word % STATES == OPEN && change(gate, word, word - OPEN + JOINED)) {
      *ret_turn = word / STATES;
      return true;
    }
    if (word % STATES == OPEN) continue;
    if (tries < PATIENT) csizer_backoff(tries);  // turns follow one another
    else csizer_futex_wait(&gate->word, word);
  }
}

void csizer_crew_gate_leave(crew_gate *gate) {
  CREW_PASSES_BY(4);
  set(gate, word_of(gate) - JOINED + CLOSED);
}
