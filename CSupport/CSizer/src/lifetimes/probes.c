// SPDX-License-Identifier: Apache-2.0
// A probe is an instruction that does nothing, and a note in the file that says where it stands, where its arguments
// are, and which word counts its observers (sourceware.org/systemtap/wiki/UserSpaceProbeImplementation). Each stands in
// a function of its own that is not inlined, so that there is one note of each name.
#include "lifetimes/probes.h"

bool csizer_probes_on;

#define SEMAPHORE __attribute__((section(".probes"), used, visibility("hidden")))
volatile uint16_t csizer_probe_alloc_semaphore SEMAPHORE, csizer_probe_free_semaphore SEMAPHORE;

// Notes do not keep what they name from a linker that drops what no code refers to.
extern const char base __asm__("_.stapsdt.base") __attribute__((visibility("hidden")));

// Relaxed: a switch that publishes nothing.
void csizer_probes_enable(bool are_on) {
  __asm__ volatile("" ::"r"(&base));
  __atomic_store_n(&csizer_probes_on, are_on, __ATOMIC_RELAXED);
}
bool csizer_probes_are_enabled(void) { return __atomic_load_n(&csizer_probes_on, __ATOMIC_RELAXED); }

// Tools that move code by prelinking would move this address by as much. One for all probes of a file.
__asm__(".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
        ".weak _.stapsdt.base\n"
        ".hidden _.stapsdt.base\n"
        "_.stapsdt.base: .space 1\n"
        ".size _.stapsdt.base, 1\n"
        ".popsection\n");

// `arguments` as the assembler writes registers: bytes of each, unsigned, and where it is.
#define PROBE(name, arguments)                           \
  "990: nop\n"                                           \
  ".pushsection .note.stapsdt,\"\",\"note\"\n"            \
  ".balign 4\n"                                          \
  ".4byte 992f - 991f, 994f - 993f, 3\n"                 \
  "991: .asciz \"stapsdt\"\n"                             \
  "992: .balign 4\n"                                     \
  "993: .8byte 990b, _.stapsdt.base\n"                   \
  ".8byte csizer_probe_" name "_semaphore\n"             \
  ".asciz \"otel_memory\"\n.asciz \"" name "\"\n"          \
  ".asciz \"" arguments "\"\n"                             \
  "994: .balign 4\n"                                     \
  ".popsection\n"

__attribute__((noinline)) void csizer_probe_alloc(uintptr_t address, uint64_t bytes, uint64_t weight) {
  __asm__ volatile(PROBE("alloc", "8@%0 8@%1 8@%2")::"r"(address), "r"(bytes), "r"(weight) : "memory");
}

#ifdef CSIZER_CHECKS
uint64_t csizer_probe_frees;  // relaxed: a count
#endif

__attribute__((noinline)) void csizer_probe_free(uintptr_t address) {
#ifdef CSIZER_CHECKS
  __atomic_fetch_add(&csizer_probe_frees, 1, __ATOMIC_RELAXED);
#endif
  __asm__ volatile(PROBE("free", "8@%0")::"r"(address) : "memory");
}
