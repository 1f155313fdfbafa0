// SPDX-License-Identifier: Apache-2.0
#include "owning_internal.h"

// Each row was found by dumping live objects beside the sources that its comment names.

enum { COPY_WILL_NOT_RETAIN = 63, CF_DATA_INLINE = 2, CF_DATA_LENT = 4, CF_SET_VARIANT = 5 };
#define BIT(n) ((uint64_t)1 << (n))

const csizer_owning_field csizer_owning_table[] = {
    // swift-foundation, Data.swift. Made with `.none` the storage marks itself; any other deallocator may belong to memory
    // that malloc has not seen, or that another object owns.
    {.type = "FoundationEssentials.__DataStorage", .field = "_bytes", .lender = "_capacity",
     .lent_bits = BIT(COPY_WILL_NOT_RETAIN), .doubt = "_deallocator"},

    // swift-corelibs-foundation, NSLock.swift.
    {.type = "Foundation.NSLock", .field = "mutex"},
    {.type = "Foundation.NSRecursiveLock", .field = "mutex"},
    {.type = "Foundation.NSCondition", .field = "mutex"},
    {.type = "Foundation.NSCondition", .field = "cond"},

    // CFData.c. The handler is there even when the bytes are malloc's own.
    {.type = "Foundation.NSData", .field = "_bytes", .lender = "_base", .lent_bits = BIT(CF_DATA_INLINE) | BIT(CF_DATA_LENT),
     .doubt = "_deallocHandler"},
    // CFCharacterSet.c: the variants builtin (0) and range (1) keep numbers where string (2) and bitmaps (3, 4) have a block.
    {.type = "Foundation.NSCharacterSet", .field = "_buffer", .lender = "_base",
     .lent_bits = BIT(CF_SET_VARIANT) | BIT(CF_SET_VARIANT + 1), .lent_if_clear = true},
    {.type = "Foundation.NSCharacterSet", .field = "_annex", .rule = CSIZER_OWNS_FOREIGN},
    // CFURL.c.
    {.type = "Foundation.NSURL", .field = "_string", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Foundation.NSURL", .field = "_baseURL", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Foundation.NSURL", .field = "_extra", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Foundation.NSURL", .field = "_resourceInfo", .rule = CSIZER_OWNS_FOREIGN},
    // CFRunArray.c, behind a CF object whose class says nothing.
    {.type = "Foundation.NSAttributedString", .field = "_attributeArray", .rule = CSIZER_OWNS_OBJECT},

    // swift-corelibs-libdispatch, src/swift: wrappers of C objects with queues, labels and targets of their own.
    {.type = "Dispatch.DispatchObject", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchQueue", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchGroup", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchSemaphore", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchIO", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchSource", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.__DispatchData", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},

    // swift-collections 1.6, BasicContainers and DequeModule.
    {.type = "BasicContainers.RigidArray", .field = "_storage", .rule = CSIZER_OWNS_VALUES, .count = "_count"},
    {.type = "DequeModule._UnsafeDequeHandle", .field = "_buffer", .rule = CSIZER_OWNS_VALUES, .count = "count",
     .first = "startSlot"},

    // swift-nio 2.101, ByteBuffer-core.swift.
    {.type = "NIOCore.ByteBuffer._Storage", .field = "bytes"},
};

const size_t csizer_owning_table_count = sizeof csizer_owning_table / sizeof *csizer_owning_table;
