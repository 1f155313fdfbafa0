// SPDX-License-Identifier: Apache-2.0
// An address has room for 107 bytes of path; by way of its folder's descriptor any path is as short as its last name.
#define _GNU_SOURCE
#include "live_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool set_path(live_address *address, const char *path) {
  size_t length = strlen(path);
  if (length >= sizeof address->address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address->address.sun_path, path, length + 1);
  address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
  return true;
}

static bool set_long_path(live_address *address, const char *path) {
  char text[sizeof address->address.sun_path];
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  if (!folder) return false;
  address->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (address->folder < 0) return false;
  int length = snprintf(text, sizeof text, "/proc/self/fd/%d/%s", address->folder, slash ? slash + 1 : path);
  if (length < 0 || (size_t)length >= sizeof text) {
    errno = ENAMETOOLONG;
    return false;
  }
  return set_path(address, text);
}

bool csizer_live_address_init(live_address *ret_address, const char *path) {
  *ret_address = (live_address){.address.sun_family = AF_UNIX, .folder = -1};
  return set_path(ret_address, path) || (errno == ENAMETOOLONG && set_long_path(ret_address, path));
}

void csizer_live_address_deinit(live_address *address) {
  int before = errno;
  if (address->folder >= 0) close(address->folder);
  errno = before;
}
