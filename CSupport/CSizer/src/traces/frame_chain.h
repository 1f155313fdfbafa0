// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FRAME_CHAIN_H
#define CSIZER_FRAME_CHAIN_H
#include <stdbool.h>
#include <stdint.h>

// What libunwind leaves open on AArch64, where C code may be built to sign the addresses that it returns to
// (-mbranch-protection=standard). Versions before 1.8 do not know how that is said (DW_CFA_AARCH64_negate_ra_state) and
// end a stack at the first such function; later ones tell some addresses as they were signed, and end there, too. But
// such code keeps frame pointers: each function's frame has a record of its caller's frame pointer and of the address
// that it returns to (AAPCS64, "The Frame Pointer"). From the last frame that libunwind tells on they tell the others.
#if defined(__aarch64__)
#define FRAMES_ARE_CHAINED 1

enum { FRAME_CHAIN_ENDS = 4 };

/// Return addresses behind which nothing follows, each found by a chain that ended there: where threads and the program
/// start. 0: none yet. Atomic.
extern uintptr_t csizer_frame_chain_ends[FRAME_CHAIN_ENDS];

/// Completes a stack, whose addresses are without signatures, by the chain that begins at `record`, a frame of the
/// caller's, and answers how many frames it has now, at most `most`. As many as before when libunwind's stack is not
/// the chain's, or when what is to be read is not the thread's own stack. No lock; in handlers of signals, too.
int csizer_frame_chain_complete(const uintptr_t *record, void **frames, int found, int most);

/// An address as it was before it was signed. xpaclri is a hint: nothing is done where a processor does not sign.
static inline uintptr_t frame_chain_unsigned(uintptr_t address) {
  register uintptr_t link __asm__("x30") = address;
  __asm__("hint #7" : "+r"(link));
  return link;
}

/// Whether libunwind's stack is sure to be whole: as deep as was asked for, or up to a known end. An address that comes
/// twice may be what libunwind makes of a function that it can't leave.
static inline bool frame_chain_is_whole(void **frames, int found, int most) {
  if (found < 2) return found == 0;
  const uintptr_t last = (uintptr_t)frames[found - 1];
  if (__builtin_expect(last == (uintptr_t)frames[found - 2], 0)) return false;
  if (found == most) return true;
  for (int i = 0; i < FRAME_CHAIN_ENDS; i++)
    if (__atomic_load_n(&csizer_frame_chain_ends[i], __ATOMIC_RELAXED) == last) return true;
  return false;
}
#endif

#endif
