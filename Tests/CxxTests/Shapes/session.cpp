// SPDX-License-Identifier: Apache-2.0
#include "shapes.h"

void retainSession(shapes::Session *session) { session->count.fetch_add(1); }

void releaseSession(shapes::Session *session) {
  if (session->count.fetch_sub(1) == 1) delete session;
}
