// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_AGENT_START_H
#define CSIZER_AGENT_START_H

// Nothing is called from outside: linked or preloaded, the agent begins by itself.

#endif
