// SPDX-License-Identifier: Apache-2.0
// A socket at a path: its owner's alone from the first moment, in the place of one that nobody listens at.
#define _GNU_SOURCE
#include "live_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "live_address.h"

enum { WAITING = 64 };  // whoever comes while the thread is at work

// Whether anybody listens there.
static csizer_live_outcome ask(const live_address *address) {
  int asking = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (asking < 0) return CSIZER_LIVE_REFUSED;
  int status = connect(asking, (const struct sockaddr *)&address->address, address->length);
  int error = errno;
  close(asking);
  if (status == 0 || error == EAGAIN) return CSIZER_LIVE_IN_USE;
  errno = error;
  return error == ECONNREFUSED || error == ENOENT ? CSIZER_LIVE_OPEN : CSIZER_LIVE_REFUSED;
}

static csizer_live_outcome make_room(const char *path, const live_address *address) {
  struct stat file;
  if (lstat(path, &file)) return errno == ENOENT ? CSIZER_LIVE_OPEN : CSIZER_LIVE_REFUSED;
  if (!S_ISSOCK(file.st_mode) || file.st_uid != geteuid()) return CSIZER_LIVE_FOREIGN;
  csizer_live_outcome outcome = ask(address);
  if (outcome == CSIZER_LIVE_OPEN && unlink(path) && errno != ENOENT) return CSIZER_LIVE_REFUSED;
  return outcome;
}

// Linux gives the file the mode of the socket, less what the mask takes: nobody else can connect at any time, and the
// mask, which is the whole process's, stays as it is.
static csizer_live_outcome bind_and_listen(int listener, const char *path, const live_address *address,
                                           struct stat *ret_file) {
  if (fchmod(listener, S_IRUSR | S_IWUSR)) return CSIZER_LIVE_REFUSED;
  if (bind(listener, (const struct sockaddr *)&address->address, address->length)) {
    return errno == EADDRINUSE ? CSIZER_LIVE_IN_USE : CSIZER_LIVE_REFUSED;
  }
  csizer_live_outcome outcome = CSIZER_LIVE_REFUSED;
  if (lstat(path, ret_file) == 0) {
    outcome = (ret_file->st_mode & 07777) == (S_IRUSR | S_IWUSR) ? CSIZER_LIVE_OPEN : CSIZER_LIVE_OPEN_TO_OTHERS;
  }
  if (outcome == CSIZER_LIVE_OPEN && listen(listener, WAITING)) outcome = CSIZER_LIVE_REFUSED;
  if (outcome != CSIZER_LIVE_OPEN) {
    int before = errno;
    unlink(path);
    errno = before;
  }
  return outcome;
}

// Two processes that start at once must not both take the place of a third that is gone. A lock that somebody keeps is
// no reason to do without a socket: then they may.
static int lock_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  if (!folder) return -1;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  const struct timespec pause = {.tv_nsec = 2000000};
  for (int tries = 0; descriptor >= 0 && tries < 100 && flock(descriptor, LOCK_EX | LOCK_NB); tries++) {
    nanosleep(&pause, NULL);
  }
  return descriptor;
}

static csizer_live_outcome listen_at(const char *path, const live_address *address, int listener,
                                     struct stat *ret_file) {
  int folder = lock_folder(path);
  csizer_live_outcome outcome = make_room(path, address);
  if (outcome == CSIZER_LIVE_OPEN) outcome = bind_and_listen(listener, path, address, ret_file);
  int before = errno;
  if (folder >= 0) close(folder);
  errno = before;
  return outcome;
}

csizer_live_outcome csizer_live_listen(const char *path, int *ret_listener, struct stat *ret_file) {
  live_address address;
  csizer_live_outcome outcome = CSIZER_LIVE_REFUSED;
  int listener = -1;
  if (csizer_live_address_init(&address, path)) {
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener >= 0) outcome = listen_at(path, &address, listener, ret_file);
  }
  csizer_live_address_deinit(&address);
  if (outcome != CSIZER_LIVE_OPEN && listener >= 0) {
    int before = errno;
    close(listener);
    errno = before;
  }
  *ret_listener = listener;
  return outcome;
}
