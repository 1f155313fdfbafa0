// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SWIFT_ABI_H
#define CSIZER_SWIFT_ABI_H
#include <stddef.h>
#include <stdint.h>

// What the engine reads of the Swift ABI on 64-bit Linux (no Objective-C interoperation). Sources, all in
// swiftlang/swift: include/swift/ABI/{Metadata,MetadataValues,MetadataKind.def,ValueWitness.def,HeapObject}.h,
// docs/ABI/TypeMetadata.rst, include/swift/RemoteInspection/Records.h. Offsets are asserted here and checked against
// live objects by the tests.

enum swift_kind {
  SWIFT_CLASS = 0,
  SWIFT_STRUCT = 0x200,
  SWIFT_ENUM = 0x201,
  SWIFT_OPTIONAL = 0x202,
  SWIFT_FOREIGN_CLASS = 0x203,
  SWIFT_FOREIGN_REFERENCE = 0x204,
  SWIFT_OPAQUE = 0x300,
  SWIFT_TUPLE = 0x301,
  SWIFT_FUNCTION = 0x302,
  SWIFT_EXISTENTIAL = 0x303,
  SWIFT_METATYPE = 0x304,
  SWIFT_EXISTENTIAL_METATYPE = 0x306,
  SWIFT_EXTENDED_EXISTENTIAL = 0x307,
  SWIFT_FIXED_ARRAY = 0x308,
  SWIFT_LOCAL_VARIABLE = 0x400,
  SWIFT_GENERIC_BOX = 0x500,
  SWIFT_ERROR_OBJECT = 0x501,
  SWIFT_TASK = 0x502,
  SWIFT_JOB = 0x503,
  SWIFT_LAST_KIND = 0x7FF,
};

/// No object is below: nil and the runtime's other extra inhabitants of references are.
/// stdlib/public/SwiftShims/swift/shims/System.h, SWIFT_ABI_DEFAULT_LEAST_VALID_POINTER
enum { SWIFT_LEAST_POINTER = 4096 };

/// The start of every heap object. HeapObject.h
typedef struct swift_object {
  const struct swift_metadata *metadata;
  uint64_t references;
} swift_object;

// RefCount.h: bit 63 says that the word is not a plain count; then all of the low half set means immortal, otherwise
// the low 62 bits are the side table's address divided by 8.
#define SWIFT_SLOW_REFERENCES ((uint64_t)1 << 63)
#define SWIFT_SIDE_TABLE_MARK ((uint64_t)1 << 62)
#define SWIFT_IMMORTAL_MASK ((uint64_t)UINT32_MAX)
#define SWIFT_DEINITING ((uint64_t)1 << 32)

/// The side table: the object it belongs to, then the object's counts in the form that the object has without one,
/// aligned to their 16 bytes. RefCount.h, HeapObjectSideTableEntry, SideTableRefCountBits
typedef struct swift_side_table {
  swift_object *object;
  uint64_t padding;
  uint64_t references;
  uint32_t weak_references;
} swift_side_table;
_Static_assert(offsetof(swift_side_table, references) == 16, "RefCount.h, HeapObjectSideTableEntry");

typedef struct swift_witnesses {
  void *value_functions[6];
  void *get_tag_single_payload;
  void *store_tag_single_payload;
  size_t size;
  size_t stride;
  uint32_t flags;
  uint32_t extra_inhabitants;
  // The rest is there only with SWIFT_HAS_ENUM_WITNESSES.
  unsigned (*get_enum_tag)(const void *value, const struct swift_metadata *type);
  void (*project_enum_data)(void *value, const struct swift_metadata *type);
  void (*inject_enum_tag)(void *value, unsigned tag, const struct swift_metadata *type);
} swift_witnesses;
_Static_assert(offsetof(swift_witnesses, size) == 64, "ValueWitness.def");
_Static_assert(offsetof(swift_witnesses, get_enum_tag) == 88, "ValueWitness.def");

#define SWIFT_ALIGNMENT_MASK 0xFFu
#define SWIFT_NOT_POD 0x10000u
#define SWIFT_NOT_INLINE 0x20000u
#define SWIFT_HAS_ENUM_WITNESSES 0x200000u
#define SWIFT_NOT_COPYABLE 0x800000u

typedef struct swift_metadata {
  uintptr_t kind;
} swift_metadata;

typedef struct swift_class {
  uintptr_t kind;
  const struct swift_class *superclass;
  uint32_t flags;
  uint32_t instance_address_point;
  uint32_t instance_size;
  uint16_t instance_align_mask;
  uint16_t reserved;
  uint32_t class_size;
  uint32_t class_address_point;
  const struct swift_descriptor *description;
} swift_class;
_Static_assert(offsetof(swift_class, instance_size) == 24, "Metadata.h, TargetClassMetadata");
_Static_assert(offsetof(swift_class, description) == 40, "Metadata.h, TargetClassMetadata");

/// Structs and enums: the generic arguments follow.
typedef struct swift_value_type {
  uintptr_t kind;
  const struct swift_descriptor *description;
  const void *arguments[];
} swift_value_type;

typedef struct swift_tuple {
  uintptr_t kind;
  size_t count;
  const char *labels;
  struct {
    const swift_metadata *type;
    uint32_t offset;   // a word on Apple's systems only
    uint32_t padding;  // never written by the runtime: whatever the memory held
  } elements[];
} swift_tuple;

typedef struct swift_function {
  uintptr_t kind;
  uintptr_t flags;  // bits 16…23: convention
} swift_function;
enum { SWIFT_CONVENTION_SWIFT = 0, SWIFT_CONVENTION_BLOCK = 1 };

typedef struct swift_existential {
  uintptr_t kind;
  uint32_t flags;
  uint32_t protocol_count;
} swift_existential;
#define SWIFT_EXISTENTIAL_NOT_CLASS 0x80000000u
#define SWIFT_EXISTENTIAL_SPECIAL 0x3F000000u
#define SWIFT_EXISTENTIAL_ERROR 0x01000000u

typedef struct swift_extended_existential {
  uintptr_t kind;
  const struct swift_existential_shape {
    uint32_t flags;  // low byte: special kind
  } *shape;
} swift_extended_existential;
enum { SWIFT_SHAPE_OPAQUE = 0, SWIFT_SHAPE_CLASS = 1, SWIFT_SHAPE_METATYPE = 2 };

typedef struct swift_fixed_array {
  uintptr_t kind;
  intptr_t count;
  const swift_metadata *element;
} swift_fixed_array;

/// An opaque existential's buffer, in memory: three words, inline or a box's address, then the dynamic type.
typedef struct swift_any {
  void *buffer[3];
  const swift_metadata *type;
} swift_any;

/// A box or a closure's context whose layout the compiler knew. Metadata.h, TargetHeapLocalVariableMetadata
typedef struct swift_local_variable {
  uintptr_t kind;
  uint32_t offset_to_first_capture;
  const struct swift_capture_descriptor *captures;
} swift_local_variable;

// Where the first capture's size or place is known at run time only (of a resilient type), 0 stands for its offset: it
// lies behind the header, at its alignment. lib/IRGen/GenHeap.cpp, buildPrivateMetadata
static inline size_t swift_first_capture(const swift_local_variable *metadata) {
  return metadata->offset_to_first_capture ? metadata->offset_to_first_capture : sizeof(swift_object);
}

typedef struct swift_generic_box {
  uintptr_t kind;
  uint32_t offset;
  const swift_metadata *type;
} swift_generic_box;

/// The box of `any Error`. ErrorObject.h, without Objective-C
typedef struct swift_error_object {
  swift_object header;
  const swift_metadata *type;
  const void *conformance;
} swift_error_object;

// ---- Collections: stdlib/public/core/{ContiguousArrayBuffer,DictionaryStorage,SetStorage,StringStorage}.swift and
// stdlib/public/SwiftShims/swift/shims/{GlobalObjects,RefCount}.h ----

/// The elements follow at their alignment.
typedef struct swift_array {
  swift_object header;
  size_t count;
  size_t capacity_and_flag;  // the low bit is the flag
} swift_array;
_Static_assert(sizeof(swift_array) == 32, "ContiguousArrayBuffer.swift");

/// A dictionary's or a set's. Behind the pointers, two and one, stands the bitmap of the buckets in use, a word at
/// least.
typedef struct swift_hash {
  swift_object header;
  size_t count, capacity;
  uint8_t scale;  // 2 to the power of this many buckets
  uint8_t reserved_scale;
  uint16_t extra;
  uint32_t age;
  size_t seed;
  const char *pointers[];  // to the keys and the values
} swift_hash;
_Static_assert(offsetof(swift_hash, pointers) == 48, "DictionaryStorage.swift");

/// The code units follow.
typedef struct swift_string_storage {
  swift_object header;
  uint64_t capacity_and_flags, count_and_flags;
} swift_string_storage;
#define SWIFT_STORAGE_COUNT (((uint64_t)1 << 48) - 1)
#define SWIFT_STORAGE_HAS_BREADCRUMBS ((uint64_t)1 << 63)  // of the capacity

/// A 32-bit offset from its own address; 0 is null.
typedef int32_t swift_relative;

/// The common start of context descriptors, and the fields of type descriptors.
typedef struct swift_descriptor {
  uint32_t flags;  // low 5 bits: kind; high half: kind's own flags
  swift_relative parent;
  swift_relative name;
  swift_relative access_function;
  swift_relative fields;
  union {
    struct {
      uint32_t field_count;
      uint32_t field_offset_vector;
    } structure;
    struct {
      uint32_t payload_cases;  // low 24 bits
      uint32_t empty_cases;
    } enumeration;
    struct {
      swift_relative superclass_type;
      union {
        uint32_t negative_size;
        swift_relative resilient_bounds;
      };
      uint32_t positive_size;
      uint32_t immediate_members;
      uint32_t field_count;
      uint32_t field_offset_vector;
    } class_;
  };
} swift_descriptor;
_Static_assert(offsetof(swift_descriptor, structure) == 20, "Metadata.h, TargetTypeContextDescriptor");

enum swift_context_kind {
  SWIFT_CONTEXT_MODULE = 0,
  SWIFT_CONTEXT_EXTENSION = 1,
  SWIFT_CONTEXT_ANONYMOUS = 2,
  SWIFT_CONTEXT_PROTOCOL = 3,
  SWIFT_CONTEXT_CLASS = 16,
  SWIFT_CONTEXT_STRUCT = 17,
  SWIFT_CONTEXT_ENUM = 18,
};
#define SWIFT_DESCRIPTOR_GENERIC 0x80u
#define SWIFT_CLASS_RESILIENT_SUPERCLASS (1u << (16 + 13))
#define SWIFT_CLASS_NEGATIVE_MEMBERS (1u << (16 + 12))

typedef struct swift_field_record {
  uint32_t flags;
  swift_relative type_name;
  swift_relative name;
} swift_field_record;
#define SWIFT_FIELD_INDIRECT 0x1u

typedef struct swift_field_descriptor {
  swift_relative type_name;
  swift_relative superclass;
  uint16_t kind;
  uint16_t record_size;
  uint32_t count;
} swift_field_descriptor;
_Static_assert(sizeof(swift_field_descriptor) == 16, "Records.h, FieldDescriptor");

typedef struct swift_capture_descriptor {
  uint32_t capture_count;
  uint32_t source_count;
  uint32_t binding_count;
} swift_capture_descriptor;

// ---- Tasks: include/swift/ABI/{Task,MetadataValues}.h and stdlib/public/Concurrency/TaskPrivate.h, of runtimes whose
// _swift_concurrency_debug_internal_layout_version is 1 (up to 6.3) ----

/// An asynchronous function's frame begins with its caller's and the function that goes on there. AsyncContext
typedef struct swift_async_context {
  const struct swift_async_context *parent;
  const void *resume_parent;
} swift_async_context;

/// Job, AsyncTask and its PrivateStorage as far as the allocator of its frames. Behind its own fields
/// (_swift_concurrency_debug_asyncTaskSize) come a child's, a group's child's, a future's, the prefix of the first
/// context, that context, and the first slab of frames.
typedef struct swift_task {
  swift_object object;
  void *scheduler[2];
  uint32_t job_flags;
  uint32_t id;
  void *voucher, *reserved;
  const void *resume;  // the function that goes on in the context, while the task waits
  const swift_async_context *context;
  void *reserved64;
  uintptr_t exclusivity[2];
  uint32_t status;
  uint32_t execution_lock;
  const void *record;
  void *last_allocation;
  const void *first_slab;
} swift_task;
_Static_assert(offsetof(swift_task, resume) == 56, "Task.h, Job");
_Static_assert(offsetof(swift_task, status) == 96, "TaskPrivate.h, PrivateStorage");
_Static_assert(offsetof(swift_task, first_slab) == 120, "StackAllocator.h");

/// MetadataValues.h, JobFlags. The kind of a task is 0.
enum swift_job_flags {
  SWIFT_JOB_KIND_MASK = 0xFF,
  SWIFT_TASK_IS_CHILD = 1 << 24,
  SWIFT_TASK_IS_FUTURE = 1 << 25,
  SWIFT_TASK_IS_GROUP_CHILD = 1 << 26,
  SWIFT_TASK_IS_ASYNC_LET = 1 << 28,
};

/// TaskPrivate.h, ActiveTaskStatus without priority escalation, which Linux has not.
enum swift_task_status {
  SWIFT_TASK_IS_CANCELLED = 0x100,
  SWIFT_TASK_IS_RUNNING = 0x800,
  SWIFT_TASK_IS_ENQUEUED = 0x1000,
  SWIFT_TASK_IS_COMPLETE = 0x2000,
};

/// Behind a child's own fields. AsyncTask::ChildFragment
typedef struct swift_task_child {
  const swift_task *parent;
  const swift_task *next;  // in its group
} swift_task_child;

/// AsyncTask::FutureFragment; the result follows, aligned as its type wants.
typedef struct swift_task_future {
  uintptr_t waiting;
  const struct swift_metadata *result;
  void *error;
} swift_task_future;

/// What stands right before a task's first context. AsyncContextPrefix; a future's has a word more before these.
typedef struct swift_task_prefix {
  const void *entry;
  const swift_object *closure;
  void *error;
} swift_task_prefix;

/// What a reference to an asynchronous function leads to. AsyncFunctionPointer
typedef struct swift_async_function {
  swift_relative function;
  uint32_t context_bytes;
} swift_async_function;

static inline const void *swift_resolve(const swift_relative *offset) {
  return *offset ? (const char *)offset + *offset : NULL;
}

static inline enum swift_kind swift_kind_of(const swift_metadata *type) {
  // Anything above the last kind is an isa pointer: only Objective-C has these, but the rule is the ABI's.
  return type->kind > SWIFT_LAST_KIND ? SWIFT_CLASS : (enum swift_kind)type->kind;
}

static inline unsigned swift_convention_of(const swift_metadata *function) {
  return (((const swift_function *)function)->flags >> 16) & 0xFF;
}

/// Stand-ins for value witnesses that are not there: a block's, and those of a type of which nothing is known.
/// witnesses.c
extern const swift_witnesses csizer_block_witnesses, csizer_unknown_witnesses;

/// The value witnesses of a type, never NULL. On Linux the runtime makes none for blocks and leaves in their place
/// whatever was in that memory (stdlib/public/runtime/MetadataCache.cpp, FunctionCacheEntry).
static inline const swift_witnesses *swift_witnesses_of(const swift_metadata *type) {
  if (type->kind == SWIFT_FUNCTION && swift_convention_of(type) == SWIFT_CONVENTION_BLOCK)
    return &csizer_block_witnesses;
  const swift_witnesses *witnesses = ((const swift_witnesses *const *)type)[-1];
  return witnesses ? witnesses : &csizer_unknown_witnesses;
}

static inline size_t swift_round_up(size_t value, size_t align_mask) {
  return (value + align_mask) & ~align_mask;
}

#endif
