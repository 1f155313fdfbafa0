// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIVE_SOCKET_H
#define CSIZER_LIVE_SOCKET_H
#include <stdbool.h>
#include <sys/types.h>

/// The socket that a process is asked at while it runs, and the connections that came by it: what Swift's Glibc module
/// has no words for, and what a guest owes its host. The host's children neither serve nor hold them: they are closed
/// on exec, and in a child that is forked. Where the host closes descriptors that it did not open and gives their
/// numbers to files of its own, those are left alone.
typedef struct csizer_live_socket csizer_live_socket;

/// Why there is no socket.
typedef enum csizer_live_outcome {
  CSIZER_LIVE_OPEN,
  /// A process listens at the path.
  CSIZER_LIVE_IN_USE,
  /// Something is at the path that is no socket, or not this user's.
  CSIZER_LIVE_FOREIGN,
  /// Nobody but its owner may use a socket, and the file system does not see to that.
  CSIZER_LIVE_OPEN_TO_OTHERS,
  /// errno(3) says why.
  CSIZER_LIVE_REFUSED,
} csizer_live_outcome;

/// Connections that a socket holds at most.
enum { CSIZER_LIVE_MOST_CONNECTIONS = 32 };

/// Listens at a path, which may be of any length. The socket has mode 0600 from the moment that it is there. One that
/// nobody listens at any more is replaced, if it is this user's. Free with csizer_live_socket_close.
csizer_live_outcome csizer_live_socket_open(const char *path, csizer_live_socket **ret_socket);

/// Tells whoever connects, waits or reads that it is over, from any thread, and removes the socket's file if it is
/// still the one that was made. The thread that serves sees the listener end. In a child that was forked nothing
/// happens.
void csizer_live_socket_shut(csizer_live_socket *socket);

/// Closes all that is left and frees it. NULL is fine. By the thread that serves, or when none does.
void csizer_live_socket_close(csizer_live_socket *socket);

/// What to poll(2) for POLLIN: somebody wants to connect, or it is over.
int csizer_live_socket_listener(const csizer_live_socket *socket);

/// Whether the listener is still the socket's: the host may have closed it, and given its number away. Whoever polls it
/// is not always woken by that.
bool csizer_live_socket_is_listening(const csizer_live_socket *socket);

/// The next connection, which does not block, and the process at its other end; that is this user's or root's, others
/// are sent away. -1 when nobody waits. -2 when the socket is over: shut, or closed by the host.
int csizer_live_socket_accept(csizer_live_socket *socket, pid_t *ret_peer);

/// Whether a connection's descriptor is still what it was: to be asked before it is used. False closes nothing.
bool csizer_live_socket_holds(const csizer_live_socket *socket, int connection);

/// Ends a connection, for whoever else may hold it, too.
void csizer_live_socket_drop(csizer_live_socket *socket, int connection);

#endif
