// SPDX-License-Identifier: Apache-2.0
#include <string.h>

// A library that is opened and closed: built several times, with a frame of another size each time.

void relay(void (*call)(void *context), void *context) {
  volatile char room[RELAY_ROOM];
  memset((char *)room, 0x55, sizeof room);
  call(context);
  room[0] = 1;  // so that the call is not the last thing that is done
}
