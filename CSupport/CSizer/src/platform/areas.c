// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "platform/pages.h"
#include "platform/proc_file.h"
#include "platform/regions_internal.h"

// "7f0a-7f0b rw-p 00001000 fd:01 1234   /path": start, end, rights, offset, device, inode.
bool csizer_area_parse(const char *line, size_t length, csizer_area *ret) {
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
  *ret = (csizer_area){
      .start = (uintptr_t)start, .end = (uintptr_t)limit, .has_file = inode != 0, .is_writable = rights[1] == 'w'};
  // Stacks are executable in a process that has loaded a library which asks for it; code is not writable.
  return (rights[2] == '-' || rights[1] == 'w') && rights[3] == 'p';
}

// A large file that is only read must not cost a look at each of its pages.
static void drop_read_only_tail(csizer_areas *areas, const csizer_area *next) {
  if (!areas->count) return;
  const csizer_area *last = &areas->areas[areas->count - 1];
  bool has_writable_rest = next && next->is_writable && next->has_file && next->start == last->end;
  if (!last->is_writable && !(last->has_file && has_writable_rest)) areas->count--;
}

bool csizer_areas_append(csizer_areas *areas, csizer_area area) {
  enum { FIRST_CAPACITY = 512 };
  drop_read_only_tail(areas, &area);
  if (areas->count == areas->capacity) {
    size_t capacity = areas->capacity ? areas->capacity * 2 : FIRST_CAPACITY;
    csizer_area *larger = csizer_pages_map(capacity * sizeof *larger);
    if (!larger) return false;
    if (areas->count) memcpy(larger, areas->areas, areas->count * sizeof *larger);
    csizer_pages_unmap(areas->areas, areas->capacity * sizeof *larger);
    areas->areas = larger;
    areas->capacity = capacity;
  }
  areas->areas[areas->count++] = area;
  return true;
}

// Only the start of a line matters: paths may be longer than any buffer.
typedef struct line_start {
  char text[128];
  size_t length;
} line_start;

static bool take(csizer_areas *areas, line_start *line, const char *chunk, size_t length) {
  for (const char *end = chunk + length; chunk < end;) {
    const char *newline = memchr(chunk, '\n', (size_t)(end - chunk));
    size_t part = (size_t)((newline ? newline : end) - chunk), room = sizeof line->text - line->length;
    memcpy(line->text + line->length, chunk, part < room ? part : room);
    line->length += part < room ? part : room;
    chunk += part;
    if (!newline) return true;
    chunk++;
    csizer_area area;
    if (csizer_area_parse(line->text, line->length, &area) && !csizer_areas_append(areas, area)) return false;
    line->length = 0;
  }
  return true;
}

csizer_status csizer_areas_read(csizer_areas *areas) {
  *areas = (csizer_areas){0};
  // Not of the process: after its main thread has ended, that file is empty.
  int file = csizer_proc_open("/proc/thread-self/maps");
  if (file < 0) return CSIZER_UNREADABLE;
  char chunk[8 * 1024];
  line_start line = {.length = 0};
  ssize_t count;
  bool has_room = true;
  while (has_room && (count = csizer_proc_read(file, chunk, sizeof chunk, -1)) > 0)
    has_room = take(areas, &line, chunk, (size_t)count);
  close(file);
  drop_read_only_tail(areas, NULL);
  if (!has_room) return CSIZER_NO_MEMORY;
  return count < 0 || !areas->count ? CSIZER_UNREADABLE : CSIZER_OK;
}

void csizer_areas_deinit(csizer_areas *areas) {
  csizer_pages_unmap(areas->areas, areas->capacity * sizeof *areas->areas);
  *areas = (csizer_areas){0};
}

csizer_area *csizer_areas_find(const csizer_areas *areas, uintptr_t address) {
  size_t low = 0, high = areas->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (areas->areas[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  bool is_inside = low < areas->count && areas->areas[low].start <= address;
  return is_inside ? &areas->areas[low] : NULL;
}
