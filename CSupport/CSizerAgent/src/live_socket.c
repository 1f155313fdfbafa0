// SPDX-License-Identifier: Apache-2.0
// A live socket's descriptors: which are held, that they are still what they were, and that no child of the host's
// keeps them.
#define _GNU_SOURCE
#include "csizer_live_socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live_listen.h"

typedef struct held {
  int number;  // -1: none
  ino_t inode;
} held;

struct csizer_live_socket {
  char *path;
  dev_t device;
  ino_t inode;
  pid_t process;
  csizer_live_socket *next;
  held listener, connections[CSIZER_LIVE_MOST_CONNECTIONS];
};

static struct {
  pthread_mutex_t lock;  // over a descriptor's making and its entry: no fork comes between
  csizer_live_socket *first;
} sockets = {.lock = PTHREAD_MUTEX_INITIALIZER};

// ---- Descriptors ----

static ino_t inode_of(int number) {
  struct stat status;
  return number >= 0 && fstat(number, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static bool is_still(const held *one) { return one->number >= 0 && inode_of(one->number) == one->inode; }

// For all who have it: a child that was forked by the kernel's own call may.
static void drop(held *one, bool ends) {
  if (is_still(one)) {
    if (ends) shutdown(one->number, SHUT_RDWR);
    close(one->number);
  }
  one->number = -1;
}

static held *find(const csizer_live_socket *socket, int number) {
  for (size_t i = 0; i < CSIZER_LIVE_MOST_CONNECTIONS; i++) {
    if (socket->connections[i].number == number) return (held *)(uintptr_t)&socket->connections[i];
  }
  return NULL;
}

// ---- Children ----

static void hold(void) { pthread_mutex_lock(&sockets.lock); }

static void release(void) { pthread_mutex_unlock(&sockets.lock); }

static void leave_to_parent(void) {
  for (csizer_live_socket *socket = sockets.first; socket; socket = socket->next) {
    drop(&socket->listener, false);
    for (size_t i = 0; i < CSIZER_LIVE_MOST_CONNECTIONS; i++) drop(&socket->connections[i], false);
  }
  release();
}

static void survive_forks(void) { pthread_atfork(hold, release, leave_to_parent); }

// ---- Life ----

csizer_live_outcome csizer_live_socket_open(const char *path, csizer_live_socket **ret_socket) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, survive_forks);
  csizer_live_socket *made = calloc(1, sizeof *made);
  if (!made || !(made->path = strdup(path))) {
    free(made);
    errno = ENOMEM;
    return CSIZER_LIVE_REFUSED;
  }
  for (size_t i = 0; i < CSIZER_LIVE_MOST_CONNECTIONS; i++) made->connections[i].number = -1;
  made->process = getpid();
  struct stat file;
  hold();
  csizer_live_outcome outcome = csizer_live_listen(path, &made->listener.number, &file);
  if (outcome == CSIZER_LIVE_OPEN) {
    made->listener.inode = inode_of(made->listener.number);
    made->device = file.st_dev;
    made->inode = file.st_ino;
    made->next = sockets.first;
    sockets.first = made;
  }
  release();
  if (outcome == CSIZER_LIVE_OPEN) {
    *ret_socket = made;
  } else {
    free(made->path);
    free(made);
  }
  return outcome;
}

void csizer_live_socket_shut(csizer_live_socket *socket) {
  if (getpid() != socket->process) return;
  struct stat file;
  hold();
  if (lstat(socket->path, &file) == 0 && file.st_dev == socket->device && file.st_ino == socket->inode) {
    unlink(socket->path);
  }
  socket->inode = 0;  // what comes to be there next is another one, whatever its number
  if (is_still(&socket->listener)) shutdown(socket->listener.number, SHUT_RDWR);
  release();
}

void csizer_live_socket_close(csizer_live_socket *socket) {
  if (!socket) return;
  csizer_live_socket_shut(socket);
  hold();
  for (csizer_live_socket **link = &sockets.first; *link; link = &(*link)->next) {
    if (*link == socket) {
      *link = socket->next;
      break;
    }
  }
  drop(&socket->listener, true);
  for (size_t i = 0; i < CSIZER_LIVE_MOST_CONNECTIONS; i++) drop(&socket->connections[i], true);
  release();
  free(socket->path);
  free(socket);
}

// ---- Connections ----

int csizer_live_socket_listener(const csizer_live_socket *socket) { return socket->listener.number; }

bool csizer_live_socket_is_listening(const csizer_live_socket *socket) { return is_still(&socket->listener); }

// The kernel noted who it was when it connected.
static bool may_ask(int connection, pid_t *ret_peer) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length)) return false;
  *ret_peer = peer.pid;
  return peer.uid == geteuid() || peer.uid == 0;
}

static int accept_one(csizer_live_socket *socket, held *place, pid_t *ret_peer) {
  for (;;) {
    if (!is_still(&socket->listener)) return -2;
    int connection = accept4(socket->listener.number, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0 && (errno == EINVAL || errno == EBADF)) return -2;
    if (connection < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (connection < 0) return -1;
    if (may_ask(connection, ret_peer)) {
      *place = (held){connection, inode_of(connection)};
      return connection;
    }
    close(connection);
  }
}

int csizer_live_socket_accept(csizer_live_socket *socket, pid_t *ret_peer) {
  hold();
  held *place = find(socket, -1);
  int connection = place ? accept_one(socket, place, ret_peer) : -1;
  release();
  return connection;
}

bool csizer_live_socket_holds(const csizer_live_socket *socket, int connection) {
  const held *one = find(socket, connection);
  return one && is_still(one);
}

void csizer_live_socket_drop(csizer_live_socket *socket, int connection) {
  hold();
  held *one = find(socket, connection);
  if (one) drop(one, true);
  release();
}
