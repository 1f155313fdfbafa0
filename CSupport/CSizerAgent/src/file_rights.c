// SPDX-License-Identifier: Apache-2.0
// Rights that a file gives, which Swift's Glibc module has no call for.
#include <sys/xattr.h>

#include "csizer_agent.h"

bool csizer_agent_file_has_capabilities(int file) { return fgetxattr(file, "security.capability", (void *)0, 0) > 0; }
