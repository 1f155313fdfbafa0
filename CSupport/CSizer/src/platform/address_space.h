// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ADDRESS_SPACE_H
#define CSIZER_ADDRESS_SPACE_H

/// How many bits an address of user space has, unless a program asks mmap(2) for more by a hint above them
/// (Documentation/arch/x86/x86_64/5level-paging.rst, Documentation/arch/arm64/memory.rst in Linux). The one place that
/// says so: nothing lies above.
#if defined(__x86_64__)
enum { PLATFORM_ADDRESS_BITS = 47 };
#elif defined(__aarch64__)
enum { PLATFORM_ADDRESS_BITS = 48 };
#else
#error "how many bits do addresses have here?"
#endif

/// How many bits there are within the smallest pages that there are: 4 KiB. How large this system's are it says itself
/// (sysconf(3), _SC_PAGESIZE).
enum { PLATFORM_LEAST_PAGE_SHIFT = 12 };

#endif
