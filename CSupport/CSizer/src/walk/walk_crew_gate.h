// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_CREW_GATE_H
#define CSIZER_WALK_CREW_GATE_H
#include <stdbool.h>
#include <stdint.h>

// How the second worker comes into a turn, and how the first knows when it has left: one word, which has the number of
// the turn and a state.
//
//     CLOSED n --first: open--> OPEN n+1 --second: join--> JOINED n+1 --second: leave--> CLOSED n+1
//                                   \------first: close if alone-----------------------> CLOSED n+1
//     CLOSED n --first: dismiss--> OVER
//
// Only the first leaves CLOSED, only the second leaves JOINED, and OPEN is left by whoever of both is there first
// (compare and exchange of the whole word). So:
//
// - The second is in turn n only if the word was OPEN n when it came in: it has the number from the word that it
//   exchanged, and until it leaves the first can begin no other turn.
// - One that comes late finds another word than the one it saw, looks again, and takes part in what is open then.
// - One that does not come at all is not waited for: from OPEN the first closes alone.
// - The first waits only in JOINED, for a worker that is at work. Both are threads of one process: what stops or ends
//   one stops or ends both, and one that can't go on ends the process.
// - Whoever sleeps sleeps on the word, which whoever changes it for him wakes after the change: no wake is lost.
//
// A number comes again after 2^30 turns, for which the second would have to be kept from its processor between two
// instructions.

typedef struct crew_gate {
  _Alignas(64) uint32_t word;  // atomic
} crew_gate;

void csizer_crew_gate_init(crew_gate *gate);

// The first worker:
/// Begins a turn. The gate is closed.
void csizer_crew_gate_open(crew_gate *gate);
/// Whether the second has not come to the turn, nor can it any more.
bool csizer_crew_gate_close_if_alone(crew_gate *gate);
/// Whether the second may still come to the turn.
bool csizer_crew_gate_is_open(const crew_gate *gate);
/// Until the second, which has come, has left the turn.
void csizer_crew_gate_await_closed(crew_gate *gate);
void csizer_crew_gate_dismiss(crew_gate *gate);
bool csizer_crew_gate_is_closed(const crew_gate *gate);

// The second:
/// Waits for a turn; false when all is over.
bool csizer_crew_gate_join(crew_gate *gate, uint32_t *ret_turn);
void csizer_crew_gate_leave(crew_gate *gate);

#endif
