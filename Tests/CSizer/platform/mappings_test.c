// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/pages.h"
#include "platform/regions_internal.h"
#include "support/check.h"

// The process's mappings, by the kernel's text and by its answers to single questions.

#define PAGE check_page_bytes()

static bool parses(const char *line, csizer_mapping *ret) {
  size_t length = strlen(line);
  char *exact = malloc(length ? length : 1);
  CHECK(exact != NULL);
  memcpy(exact, line, length);
  bool is_area = csizer_mapping_parse(exact, length, ret);
  free(exact);
  return is_area;
}

TEST(a_line_of_maps_says_what_it_is) {
  csizer_mapping mapping;
  CHECK(parses("559995d41000-559995d42000 rw-p 00000000 00:00 0", &mapping));
  CHECK_EQUAL(mapping.start, 0x559995d41000);
  CHECK_EQUAL(mapping.end, 0x559995d42000);
  CHECK(!mapping.has_file && mapping.is_writable && !mapping.stack_end);
  CHECK(parses("00400000-00500000 rw-p 0001f000 fd:01 1234    /usr/lib/a b\\012c) (deleted)", &mapping));
  CHECK(mapping.has_file && mapping.is_writable);
  CHECK(parses("00400000-00500000 r--p 0001f000 fd:01 1234    /usr/lib/a", &mapping));
  CHECK(mapping.has_file && !mapping.is_writable);
  CHECK(!parses("00400000-00500000 r-xp 0001f000 fd:01 1234    /usr/lib/a", &mapping));
  CHECK(!parses("00400000-00500000 rw-s 0001f000 fd:01 1234    /dev/shm/a", &mapping));
}

TEST(a_line_that_is_none_is_left_out) {
  const char *const lines[] = {"",
                               "-",
                               "559995d41000",
                               "559995d41000-",
                               "559995d41000-559995d42000",
                               "559995d41000-559995d42000 ",
                               "559995d41000-559995d42000 rw-p",
                               "559995d41000-559995d42000 rw-p 00000000 00",
                               "559995d42000-559995d41000 rw-p 00000000 00:00 0",
                               "1-1 rw-p 00000000 00:00 0",
                               "11112222333344445-2 rw-p 00000000 00:00 0",
                               "X-2 rw-p 00000000 00:00 0",
                               "1-2 rw-pp 00000000 00:00 0"};
  csizer_mapping mapping;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) CHECK(!parses(lines[i], &mapping));
}

TEST(mappings_are_found_by_their_addresses) {
  csizer_mappings mappings = {0};
  for (uintptr_t i = 1; i <= 2000; i++)
    CHECK(csizer_mappings_append(
        &mappings, (csizer_mapping){.start = i * 0x3000, .end = i * 0x3000 + 0x2000, .is_writable = true}));
  CHECK_EQUAL(mappings.count, 2000);
  for (uintptr_t i = 1; i <= 2000; i++) {
    CHECK(!csizer_mappings_find(&mappings, i * 0x3000 - 1));
    CHECK(csizer_mappings_find(&mappings, i * 0x3000) == &mappings.mappings[i - 1]);
    CHECK(csizer_mappings_find(&mappings, i * 0x3000 + 0x1fff) == &mappings.mappings[i - 1]);
    CHECK(!csizer_mappings_find(&mappings, i * 0x3000 + 0x2000));
  }
  csizer_mappings_deinit(&mappings);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(only_what_stands_before_written_pages_of_a_file_is_kept_of_the_read_only) {
  csizer_mappings mappings = {0};
  const csizer_mapping added[] = {
      {.start = 0x1000, .end = 0x2000, .has_file = true},                       // read only, alone
      {.start = 0x3000, .end = 0x4000, .has_file = true},                       // RELRO
      {.start = 0x4000, .end = 0x5000, .has_file = true, .is_writable = true},  // its data
      {.start = 0x5000, .end = 0x6000, .has_file = true},                       // not directly before
      {.start = 0x7000, .end = 0x8000, .has_file = true, .is_writable = true},
      {.start = 0x8000, .end = 0x9000, .has_file = true},
      {.start = 0x9000, .end = 0xa000, .is_writable = true},  // no file
  };
  for (size_t i = 0; i < sizeof added / sizeof *added; i++) CHECK(csizer_mappings_append(&mappings, added[i]));
  const uintptr_t kept[] = {0x3000, 0x4000, 0x7000, 0x9000};
  CHECK_EQUAL(mappings.count, sizeof kept / sizeof *kept);
  for (size_t i = 0; i < mappings.count; i++) CHECK_EQUAL(mappings.mappings[i].start, kept[i]);
  csizer_mappings_deinit(&mappings);
}

// Newer kernels are asked for one mapping after the other, older ones give a text.
TEST(a_kernel_that_can_be_asked_says_what_its_text_says) {
  char *made[3];
  for (int i = 0; i < 3; i++) {
    int flags = (i == 1 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
    made[i] = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(made[i] != MAP_FAILED);
    CHECK_EQUAL(mprotect(made[i] + PAGE, PAGE, i == 2 ? PROT_NONE : PROT_READ | PROT_EXEC), 0);
  }
  csizer_mappings asked, text = {0};
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  // What they are kept in is mapped meanwhile: in each it may be there or not, and is left out.
  CHECK_EQUAL(csizer_mappings_read(&asked), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_lines(file, &text), CSIZER_OK);
  CHECK_EQUAL(close(file), 0);
  const csizer_mapping *kept[] = {asked.mappings, text.mappings};
  size_t a = 0, b = 0, same = 0;
  while (a < asked.count && b < text.count) {
    const csizer_mapping *first = &asked.mappings[a], *second = &text.mappings[b];
    bool is_own = (first->start <= (uintptr_t)kept[1] && (uintptr_t)kept[1] < first->end) ||
                  (second->start <= (uintptr_t)kept[1] && (uintptr_t)kept[1] < second->end) ||
                  (second->start <= (uintptr_t)kept[0] && (uintptr_t)kept[0] < second->end);
    if (!is_own) {
      CHECK_EQUAL(first->start, second->start);
      CHECK_EQUAL(first->end, second->end);
      CHECK_EQUAL(first->has_file, second->has_file);
      CHECK_EQUAL(first->is_writable, second->is_writable);
      same++;
    }
    const uintptr_t end = first->end > second->end ? first->end : second->end;
    while (a < asked.count && asked.mappings[a].end <= end) a++;
    while (b < text.count && text.mappings[b].end <= end) b++;
  }
  CHECK(a == asked.count && b + 1 >= text.count);
  CHECK(same > 10);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[0]) != NULL);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[0] + PAGE) == NULL);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[1]) == NULL);
  csizer_mappings_deinit(&asked);
  csizer_mappings_deinit(&text);
}

// What a kernel answers to single questions is a part of its text: all that has a file, and stacks when asked for.
TEST(files_mappings_alone_are_those_of_the_text) {
  enum { PAIRS = 60 };
  int data = memfd_create("data", 0), file;
  CHECK(data >= 0 && ftruncate(data, 4 * PAGE) == 0);
  char *made[PAIRS];
  for (int i = 0; i < PAIRS; i++) {  // read-only, written, and a hole
    made[i] = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, i % 7 ? MAP_PRIVATE : MAP_SHARED, data, 0);
    CHECK(made[i] != MAP_FAILED);
    CHECK_EQUAL(mprotect(made[i], (size_t)(1 + i % 2) * PAGE, i % 5 ? PROT_READ : PROT_READ | PROT_EXEC), 0);
    CHECK_EQUAL(mprotect(made[i] + 3 * PAGE, PAGE, PROT_NONE), 0);
  }
  csizer_mappings files = {0}, text = {0};
  CHECK_EQUAL(csizer_mappings_open(&file), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(file, &files), CSIZER_OK);
  CHECK_EQUAL(lseek(file, 0, SEEK_SET), 0);  // an old kernel's text was read to its end
  CHECK_EQUAL(csizer_mappings_read_lines(file, &text), CSIZER_OK);
  size_t at = 0;
  for (size_t i = 0; i < text.count; i++) {
    const csizer_mapping *mapping = &text.mappings[i];
    if (!mapping->has_file) continue;
    if (!mapping->is_writable && (i + 1 == text.count || text.mappings[i + 1].start != mapping->end)) continue;
    while (at < files.count && !files.mappings[at].has_file) at++;
    CHECK(at < files.count);
    CHECK_EQUAL(files.mappings[at].start, mapping->start);
    CHECK_EQUAL(files.mappings[at].end, mapping->end);
    CHECK_EQUAL(files.mappings[at].is_writable, mapping->is_writable);
    at++;
  }
  while (at < files.count && !files.mappings[at].has_file) at++;
  CHECK_EQUAL(at, files.count);
  CHECK(at > PAIRS / 2);

  csizer_mapping *found;
  char local = 0;
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)&local, &found), CSIZER_OK);
  CHECK(found && found->start <= (uintptr_t)&local && (uintptr_t)&local < found->end);
  for (size_t i = 1; i < files.count; i++) CHECK(files.mappings[i - 1].end <= files.mappings[i].start);
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)parses, &found), CSIZER_OK);
  CHECK(!found);
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)made[0] + 2 * PAGE, &found), CSIZER_OK);
  CHECK(!found);  // shared
  for (int i = 0; i < PAIRS; i++) munmap(made[i], 4 * PAGE);
  csizer_mappings_deinit(&files);
  csizer_mappings_deinit(&text);
  close(file);
  close(data);
}

// Where nobody answers single questions the same is found in the text: here of a file that is no kernel's.
TEST(a_kernel_that_can_not_be_asked_tells_all) {
  char text[8192];
  ssize_t length;
  int copy = memfd_create("maps", 0), file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  CHECK(copy >= 0 && file >= 0);
  while ((length = read(file, text, sizeof text)) > 0) CHECK_EQUAL(write(copy, text, (size_t)length), length);
  close(file);
  CHECK_EQUAL(lseek(copy, 0, SEEK_SET), 0);
  csizer_mappings told = {0}, asked = {0};
  csizer_mapping *found;
  char local = 0;
  CHECK_EQUAL(csizer_mappings_open(&file), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(file, &asked), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(copy, &told), CSIZER_OK);
  for (size_t i = 0, at = 0; i < asked.count; i++) {
    if (!asked.mappings[i].has_file) continue;
    while (at < told.count && told.mappings[at].start < asked.mappings[i].start) at++;
    CHECK(at < told.count && told.mappings[at].start == asked.mappings[i].start);
    CHECK_EQUAL(told.mappings[at].end, asked.mappings[i].end);
  }
  CHECK_EQUAL(csizer_mappings_find_or_ask(copy, &told, (uintptr_t)&local, &found), CSIZER_OK);
  CHECK(found && !found->has_file);
  CHECK_EQUAL(csizer_mappings_find_or_ask(copy, &told, (uintptr_t)parses, &found), CSIZER_OK);
  CHECK(!found);
  csizer_mappings_deinit(&asked);
  csizer_mappings_deinit(&told);
  close(file);
  close(copy);
}
