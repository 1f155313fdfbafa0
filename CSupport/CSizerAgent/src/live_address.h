// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIVE_ADDRESS_H
#define CSIZER_LIVE_ADDRESS_H
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/// The address of a socket with a path of any length. `folder` is the descriptor of its folder, -1 unless the path is
/// too long for an address.
typedef struct live_address {
  struct sockaddr_un address;
  socklen_t length;
  int folder;
} live_address;

/// False, with errno, when there is none. Close with csizer_live_address_deinit, also then.
bool csizer_live_address_init(live_address *ret_address, const char *path);

/// Closes the folder.
void csizer_live_address_deinit(live_address *address);

#endif
