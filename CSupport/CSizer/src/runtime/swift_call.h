// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SWIFT_CALL_H
#define CSIZER_SWIFT_CALL_H

/// The Swift runtime's own calling convention, which only clang knows. SwiftPM always compiles with clang; an engine
/// that cmake built with another compiler finds no runtime (csizer_runtime_is_present, csizer_runtime_current) instead
/// of calling one wrongly.
#if defined(__clang__)
#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_CONTEXT_PARAMETER __attribute__((swift_context))
#define SWIFT_SYMBOL(name) __asm__(name)
#define SWIFT_CALL_IS_KNOWN 1
#else
#define SWIFT_CALL
#define SWIFT_CONTEXT_PARAMETER
#define SWIFT_SYMBOL(name)  // GNU's assembler takes a name that starts with "$" for a number
#define SWIFT_CALL_IS_KNOWN 0
#endif

#endif
