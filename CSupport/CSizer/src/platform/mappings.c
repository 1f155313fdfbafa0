// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "platform/pages.h"
#include "platform/proc_file.h"
#include "platform/refusals.h"
#include "platform/regions_internal.h"

// "7f0a-7f0b rw-p 00001000 fd:01 1234   /path": start, end, rights, offset, device, inode.
bool csizer_mapping_parse(const char *line, size_t length, csizer_mapping *ret) {
  const char *at = line, *end = line + length;
  uint64_t start, limit, offset, major, minor, inode = 0;
  if (!csizer_proc_hexadecimal(&at, end, &start) || *at++ != '-') return false;
  if (!csizer_proc_hexadecimal(&at, end, &limit) || *at++ != ' ' || limit <= start) return false;
  if (end - at < 5 || at[4] != ' ') return false;
  const char *rights = at;
  at += 5;
  if (!csizer_proc_hexadecimal(&at, end, &offset) || *at++ != ' ') return false;
  if (!csizer_proc_hexadecimal(&at, end, &major) || *at++ != ':') return false;
  if (!csizer_proc_hexadecimal(&at, end, &minor) || *at++ != ' ') return false;
  // Where there is no path, the line may end with the inode.
  for (; at < end && *at >= '0' && *at <= '9'; at++) inode |= (uint64_t)(*at - '0');
  *ret = (csizer_mapping){
      .start = (uintptr_t)start, .end = (uintptr_t)limit, .has_file = inode != 0, .is_writable = rights[1] == 'w'};
  // Stacks are executable in a process that has loaded a library which asks for it; code is not writable.
  return (rights[2] == '-' || rights[1] == 'w') && rights[3] == 'p';
}

// A large file that is only read must not cost a look at each of its pages.
static void drop_read_only_tail(csizer_mappings *mappings, const csizer_mapping *next) {
  if (!mappings->count) return;
  const csizer_mapping *last = &mappings->mappings[mappings->count - 1];
  bool has_writable_rest = next && next->is_writable && next->has_file && next->start == last->end;
  if (!last->is_writable && !(last->has_file && has_writable_rest)) mappings->count--;
}

static bool has_room(csizer_mappings *mappings) {
  enum { FIRST_CAPACITY = 512 };
  if (mappings->count < mappings->capacity) return true;
  size_t capacity = mappings->capacity * 2 > FIRST_CAPACITY ? mappings->capacity * 2 : FIRST_CAPACITY;
  csizer_mapping *larger = csizer_pages_map(capacity * sizeof *larger);
  if (!larger) return false;
  csizer_mappings before = *mappings;
  if (before.count) memcpy(larger, before.mappings, before.count * sizeof *larger);
  mappings->mappings = larger;
  mappings->capacity = capacity;
  mappings->is_lent = false;
  csizer_mappings_deinit(&before);
  return true;
}

bool csizer_mappings_append(csizer_mappings *mappings, csizer_mapping mapping) {
  drop_read_only_tail(mappings, &mapping);
  if (!has_room(mappings)) return false;
  mappings->mappings[mappings->count++] = mapping;
  return true;
}

// The first that ends above the address.
static size_t place_of(const csizer_mappings *mappings, uintptr_t address) {
  size_t low = 0, high = mappings->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (mappings->mappings[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Mappings that come and go while they are asked for may overlap with what is there: then that stays, alone.
static bool insert(csizer_mappings *mappings, csizer_mapping mapping) {
  const size_t place = place_of(mappings, mapping.start), after = mappings->count - place;
  if (after && mappings->mappings[place].start < mapping.end) return true;
  if (!has_room(mappings)) return false;
  memmove(&mappings->mappings[place + 1], &mappings->mappings[place], after * sizeof mapping);
  mappings->mappings[place] = mapping;
  mappings->count++;
  return true;
}

// Only the start of a line matters: paths may be longer than any buffer.
typedef struct line_start {
  char text[128];
  size_t length;
} line_start;

static bool take(csizer_mappings *mappings, line_start *line, const char *chunk, size_t length) {
  for (const char *end = chunk + length; chunk < end;) {
    const char *newline = memchr(chunk, '\n', (size_t)(end - chunk));
    size_t part = (size_t)((newline ? newline : end) - chunk), room = sizeof line->text - line->length;
    memcpy(line->text + line->length, chunk, part < room ? part : room);
    line->length += part < room ? part : room;
    chunk += part;
    if (!newline) return true;
    chunk++;
    csizer_mapping mapping;
    if (csizer_mapping_parse(line->text, line->length, &mapping) && !csizer_mappings_append(mappings, mapping))
      return false;
    line->length = 0;
  }
  return true;
}

// Not of the process: after its main thread has ended, that file is empty.
static const char path[] = "/proc/thread-self/maps";

csizer_status csizer_mappings_read_lines(int file, csizer_mappings *mappings) {
  char chunk[8 * 1024];
  line_start line = {.length = 0};
  ssize_t count;
  while ((count = csizer_proc_read(file, chunk, sizeof chunk, -1)) > 0)
    if (!take(mappings, &line, chunk, (size_t)count)) return CSIZER_NO_MEMORY;
  if (count < 0) return csizer_refusal_tell(CSIZER_UNREADABLE, errno, path);
  return CSIZER_OK;
}

// ---- One mapping after the other, without its path: since Linux 6.11, include/uapi/linux/fs.h of the kernel ----

struct procmap_query {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};

enum { WRITABLE = 2, EXECUTABLE = 4, SHARED = 8, COVERING_OR_NEXT = 16, FILE_BACKED = 32 };

typedef enum answer { IS_ONE, IS_NONE, IS_REFUSED } answer;

/// Asks for a mapping at `address`; with COVERING_OR_NEXT for the first from there on that is as the other flags say.
static answer ask(int file, uint64_t flags, uint64_t address, struct procmap_query *ret) {
  const unsigned long PROCMAP_QUERY = _IOWR('f', 17, struct procmap_query);
  do {
    *ret = (struct procmap_query){.size = sizeof *ret, .query_flags = flags, .query_addr = address};
    if (ioctl(file, PROCMAP_QUERY, ret) == 0) return ret->vma_end > address ? IS_ONE : IS_REFUSED;
  } while (errno == EINTR);
  return errno == ENOENT ? IS_NONE : IS_REFUSED;
}

static bool parse_answer(const struct procmap_query *query, csizer_mapping *ret) {
  const bool is_writable = query->vma_flags & WRITABLE;
  *ret = (csizer_mapping){.start = (uintptr_t)query->vma_start,
                          .end = (uintptr_t)query->vma_end,
                          .has_file = query->inode != 0,
                          .is_writable = is_writable};
  return (is_writable || !(query->vma_flags & EXECUTABLE)) && !(query->vma_flags & SHARED);
}

/// What is asked before one of them is added.
typedef csizer_status before_one(int file, csizer_mappings *mappings, csizer_mapping next);

// CSIZER_UNSUPPORTED, and nothing of use was added, where the kernel has no such question.
static csizer_status ask_for_each(int file, uint64_t flags, before_one *before, csizer_mappings *mappings) {
  struct procmap_query query;
  answer answer;
  for (uint64_t address = 0; (answer = ask(file, COVERING_OR_NEXT | flags, address, &query)) == IS_ONE;
       address = query.vma_end) {
    csizer_mapping mapping;
    if (!parse_answer(&query, &mapping)) continue;
    csizer_status status = before ? before(file, mappings, mapping) : CSIZER_OK;
    if (status) return status;
    if (!csizer_mappings_append(mappings, mapping)) return CSIZER_NO_MEMORY;
  }
  return answer == IS_NONE ? CSIZER_OK : CSIZER_UNSUPPORTED;
}

// What the loader protects again stands directly before a writable mapping; to look at it alone spares the others.
static csizer_status add_protected(int file, csizer_mappings *mappings, csizer_mapping next) {
  struct procmap_query query;
  csizer_mapping mapping;
  const bool is_known = mappings->count && mappings->mappings[mappings->count - 1].end == next.start;
  const answer answer = is_known ? IS_NONE : ask(file, 0, next.start - 1, &query);
  if (answer != IS_ONE) return answer == IS_NONE ? CSIZER_OK : CSIZER_UNSUPPORTED;
  const bool is_of_use = parse_answer(&query, &mapping) && mapping.has_file;
  return !is_of_use || csizer_mappings_append(mappings, mapping) ? CSIZER_OK : CSIZER_NO_MEMORY;
}

static csizer_status read_all(int file, uint64_t flags, before_one *before, csizer_mappings *mappings) {
  csizer_status status = ask_for_each(file, flags, before, mappings);
  mappings->asks = status == CSIZER_OK && before;
  if (status == CSIZER_UNSUPPORTED) {
    mappings->count = 0;
    lseek(file, 0, SEEK_SET);  // it may have been read before
    status = csizer_mappings_read_lines(file, mappings);
  }
  drop_read_only_tail(mappings, NULL);
  if (status) return status;
  return mappings->count || mappings->asks ? CSIZER_OK : csizer_refusal_tell(CSIZER_UNREADABLE, 0, path);
}

csizer_status csizer_mappings_open(int *ret_file) {
  *ret_file = csizer_proc_open(path);
  return *ret_file < 0 ? csizer_refusal_tell(CSIZER_UNREADABLE, errno, path) : CSIZER_OK;
}

csizer_status csizer_mappings_read(csizer_mappings *mappings) {
  *mappings = (csizer_mappings){0};
  int file;
  csizer_status status = csizer_mappings_open(&file);
  if (status) return status;
  status = read_all(file, 0, NULL, mappings);
  close(file);
  return status;
}

csizer_status csizer_mappings_read_files(int file, csizer_mappings *mappings) {
  return read_all(file, FILE_BACKED | WRITABLE, add_protected, mappings);
}

csizer_status csizer_mappings_find_or_ask(int file, csizer_mappings *mappings, uintptr_t address,
                                          csizer_mapping **ret_mapping) {
  *ret_mapping = csizer_mappings_find(mappings, address);
  struct procmap_query query;
  csizer_mapping mapping;
  if (*ret_mapping || !mappings->asks || ask(file, 0, address, &query) != IS_ONE) return CSIZER_OK;
  if (!parse_answer(&query, &mapping) || !mapping.is_writable) return CSIZER_OK;
  if (!insert(mappings, mapping)) return CSIZER_NO_MEMORY;
  *ret_mapping = csizer_mappings_find(mappings, address);
  return CSIZER_OK;
}

void csizer_mappings_deinit(csizer_mappings *mappings) {
  if (!mappings->is_lent) csizer_pages_unmap(mappings->mappings, mappings->capacity * sizeof *mappings->mappings);
  *mappings = (csizer_mappings){0};
}

csizer_mapping *csizer_mappings_find(const csizer_mappings *mappings, uintptr_t address) {
  const size_t place = place_of(mappings, address);
  bool is_inside = place < mappings->count && mappings->mappings[place].start <= address;
  return is_inside ? &mappings->mappings[place] : NULL;
}
