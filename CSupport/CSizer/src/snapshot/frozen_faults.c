// SPDX-License-Identifier: Apache-2.0
// What goes wrong with frozen sizings on purpose.
#include <errno.h>

#include "csizer_frozen.h"
#include "platform/refusals.h"
#include "snapshot/frozen_child.h"
#include "snapshot/sizing_internal.h"

// Tests only; see csizer_frozen.h.
static struct {
  csizer_frozen_fault fault;
  uint32_t times;
} fail;

void csizer_frozen_fail(csizer_frozen_fault fault, uint32_t times) {
  __atomic_store_n(&fail.times, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&fail.fault, fault, __ATOMIC_RELEASE);
  __atomic_store_n(&fail.times, times, __ATOMIC_RELEASE);
}

static csizer_frozen_fault next_fault(void) {
  if (!__atomic_load_n(&fail.times, __ATOMIC_ACQUIRE)) return CSIZER_FAULT_NONE;
  return __atomic_load_n(&fail.fault, __ATOMIC_ACQUIRE);
}

// Relaxed before it is taken: the number alone is compared.
static bool take(void) {
  uint32_t times = __atomic_load_n(&fail.times, __ATOMIC_RELAXED);
  while (times && !__atomic_compare_exchange_n(&fail.times, &times, times - 1, false, __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED)) {}
  return times != 0;
}

bool csizer_frozen_takes_refusal(void) { return next_fault() == CSIZER_FAULT_MEMORY && take(); }

csizer_status csizer_frozen_refusal(csizer_frozen_fault fault) {
  if (fault == CSIZER_FAULT_FORK) return csizer_refusal_tell(CSIZER_REFUSED, EAGAIN, NULL);
  return fault == CSIZER_FAULT_NO_ROOM ? csizer_refusal_tell(CSIZER_NO_ROOM, ENOMEM, NULL) : CSIZER_OK;
}

csizer_frozen_fault csizer_frozen_take_fault(void) {
  csizer_frozen_fault fault = next_fault();
  return fault != CSIZER_FAULT_NONE && fault != CSIZER_FAULT_MEMORY && take() ? fault : CSIZER_FAULT_NONE;
}
