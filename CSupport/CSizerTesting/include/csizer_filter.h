// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FILTER_H
#define CSIZER_FILTER_H

#ifdef __cplusplus
extern "C" {
#endif

/// From now on the system refuses membarrier(2) to all threads of the process, and to what that becomes by exec, as in
/// a container with a filter of system calls. It can't be taken back: for a process of its own. 0, or an errno.
int csizer_refuse_membarrier(void);

#ifdef __cplusplus
}
#endif

#endif
