// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIVE_LISTEN_H
#define CSIZER_LIVE_LISTEN_H
#include <sys/stat.h>

#include "csizer_live_socket.h"

/// Listens at a path, as csizer_live_socket_open promises; the file that it made is told.
csizer_live_outcome csizer_live_listen(const char *path, int *ret_listener, struct stat *ret_file);

#endif
