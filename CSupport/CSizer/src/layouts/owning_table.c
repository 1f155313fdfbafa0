// SPDX-License-Identifier: Apache-2.0
#include "layouts/owning_internal.h"

// Each row was found by dumping live objects beside the sources that its comment names.

enum { COPY_WILL_NOT_RETAIN = 63, CF_DATA_INLINE = 2, CF_DATA_NOT_FREED = 4, CF_SET_VARIANT = 5 };
#define BIT(n) ((uint64_t)1 << (n))

const csizer_owning_field csizer_owning_table[] = {
    // swift-foundation, Data.swift. Made with `.none` the storage marks itself; any other deallocator may belong to
    // memory that malloc has not seen, or that another object owns.
    {.type = "FoundationEssentials.__DataStorage", .field = "_bytes", .lender = "_capacity",
     .lent_bits = BIT(COPY_WILL_NOT_RETAIN), .doubt = "_deallocator"},

    // swift-corelibs-foundation, NSLock.swift.
    {.type = "Foundation.NSLock", .field = "mutex"},
    {.type = "Foundation.NSRecursiveLock", .field = "mutex"},
    {.type = "Foundation.NSCondition", .field = "mutex"},
    {.type = "Foundation.NSCondition", .field = "cond"},

    // CFData.c, NSData.swift. With the second bit the handler alone knows whether it frees anything.
    {.type = "Foundation.NSData", .field = "_bytes", .lender = "_base", .lent_bits = BIT(CF_DATA_INLINE),
     .unknown_bits = BIT(CF_DATA_NOT_FREED)},
    // NSUUID.swift, NSConcreteValue.swift.
    {.type = "Foundation.NSUUID", .field = "buffer"},
    {.type = "Foundation.NSConcreteValue", .field = "_storage"},
    // CFCharacterSet.c: the variants builtin (0) and range (1) keep numbers where string (2) and bitmaps (3, 4) have a
    // block.
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

    // libcurl's and libxml2's, behind URLSession and XMLDocument.
    {.type = "FoundationNetworking._EasyHandle", .field = "rawHandle", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationNetworking.URLSession._MultiHandle", .field = "rawHandle", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationXML.XMLNode", .field = "_xmlNode", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationXML.XMLParser", .field = "_handler", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationXML.XMLParser", .field = "_parserContext", .rule = CSIZER_OWNS_FOREIGN},

    // swift-foundation, FoundationInternationalization: objects of ICU, whose C++ heap has no metadata.
    {.type = "FoundationInternationalization._CalendarICU", .field = "ucalendar", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization._TimeZoneICU.State", .field = "_calendar", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICUDateFormatter", .field = "udateFormat", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICUDateIntervalFormatter", .field = "uformatter",
     .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICURelativeDateFormatter", .field = "uformatter",
     .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICUListFormatter", .field = "uformatter", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICULegacyNumberFormatter", .field = "uformatter",
     .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICUNumberFormatterBase", .field = "uformatter",
     .rule = CSIZER_OWNS_FOREIGN},
    {.type = "FoundationInternationalization.ICUPatternGenerator", .field = "upatternGenerator",
     .rule = CSIZER_OWNS_FOREIGN},

    // swift-corelibs-libdispatch, src/swift: wrappers of C objects with queues, labels and targets of their own.
    {.type = "Dispatch.DispatchObject", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchQueue", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchGroup", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchSemaphore", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchIO", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.DispatchSource", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},
    {.type = "Dispatch.__DispatchData", .field = "__wrapped", .rule = CSIZER_OWNS_FOREIGN},

    // stdlib/public/Concurrency/PartialAsyncTask.swift.
    {.type = "Swift.UnsafeContinuation", .field = "context", .rule = CSIZER_OWNS_TASK},
    {.type = "Swift.UnownedJob", .field = "context", .rule = CSIZER_OWNS_TASK},
    {.type = "Swift.Job", .field = "context", .rule = CSIZER_OWNS_TASK},
    {.type = "Swift.ExecutorJob", .field = "context", .rule = CSIZER_OWNS_TASK},

    // swift-corelibs-foundation, Operation.swift. A queue retains each operation when it is added, the operations
    // retain their queue; the lists by priority and the ways back retain nothing.
    {.type = "Foundation.OperationQueue", .field = "__firstOperation", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Foundation.OperationQueue", .field = "__lastOperation", .rule = CSIZER_BORROWS},
    {.type = "Foundation.OperationQueue", .field = "__firstPriorityOperation", .rule = CSIZER_BORROWS},
    {.type = "Foundation.OperationQueue", .field = "__lastPriorityOperation", .rule = CSIZER_BORROWS},
    {.type = "Foundation.Operation", .field = "__nextOperation", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Foundation.Operation", .field = "__queue", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Foundation.Operation", .field = "__previousOperation", .rule = CSIZER_BORROWS},
    {.type = "Foundation.Operation", .field = "__nextPriorityOperation", .rule = CSIZER_BORROWS},
    {.type = "Foundation.Operation.PointerHashedUnmanagedBox", .field = "contents", .rule = CSIZER_BORROWS},
    {.type = "Foundation._OperationQueueProgress", .field = "queue", .rule = CSIZER_BORROWS},
    // FileManager+POSIX.swift: what fts_read gave belongs to the stream.
    {.type = "Foundation.FileManager.NSURLDirectoryEnumerator", .field = "_current", .rule = CSIZER_BORROWS},
    // NSData.swift: a function of C's, for CoreFoundation only.
    {.type = "Foundation.NSData", .field = "_deallocator", .rule = CSIZER_BORROWS},

    // stdlib/public/core: SliceBuffer.swift, HashTable.swift; both lead into storage that a sibling or the owner holds.
    {.type = "Swift._SliceBuffer", .field = "subscriptBaseAddress", .rule = CSIZER_BORROWS},
    {.type = "Swift._HashTable", .field = "words", .rule = CSIZER_BORROWS},
    // UnsafeRawBufferPointer.swift.gyb: where the buffer ends another block may start, which is none of its.
    {.type = "Swift.UnsafeRawBufferPointer", .field = "_end", .rule = CSIZER_BORROWS},
    {.type = "Swift.UnsafeMutableRawBufferPointer", .field = "_end", .rule = CSIZER_BORROWS},
    // Span/OutputSpan.swift, OutputRawSpan.swift: room that somebody else keeps, to be filled.
    {.type = "Swift.OutputSpan", .field = "_pointer", .rule = CSIZER_BORROWS},
    {.type = "Swift.OutputRawSpan", .field = "_pointer", .rule = CSIZER_BORROWS},
};

const size_t csizer_owning_table_count = sizeof csizer_owning_table / sizeof *csizer_owning_table;
