// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_FILTERS_H
#define MADE_FILTERS_H

/// What membarrier(2) answers from now on, as in a container whose program tightens its filter: EPERM, to all threads
/// and to what this process becomes. It can't be taken back.
void made_refuse_membarrier(void);

#endif
