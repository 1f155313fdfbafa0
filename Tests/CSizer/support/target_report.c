// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "support/target_report.h"

#include <elf.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static char *read_text(FILE *file) {
  size_t room = 1 << 16, length = 0;
  char *text = malloc(room);
  for (size_t got; text && (got = fread(text + length, 1, room - length - 1, file)) > 0;) {
    length += got;
    if (length + 1 == room) text = realloc(text, room *= 2);
  }
  CHECK(text != NULL);
  text[length] = 0;
  return text;
}

static void run(const char *path, char *const environment[]) {
  char leaves[16];
  snprintf(leaves, sizeof leaves, "%d", TARGET_LEAVES);
  char *arguments[] = {(char *)(uintptr_t)path, leaves, NULL};
  pid_t child;
  int status = -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  CHECK_EQUAL(posix_spawn(&child, path, &actions, NULL, arguments, environment), 0);
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  posix_spawn_file_actions_destroy(&actions);
  if (status) check_fail(__FILE__, __LINE__, "the program ended otherwise than without a probe", path);
}

target_report target_run(const char *name, csizer_target_source source, const char *library) {
  char path[4096], preload[4096], where[64], from[64], report_path[] = "/tmp/sizer-target-XXXXXX";
  int file = mkstemp(report_path);
  CHECK(file >= 0);
  snprintf(path, sizeof path, "%s%s", *name == '/' ? "" : CSIZER_TARGETS "/", name);
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s%s", CSIZER_PROBE, library ? ":" : "", library ? library : "");
  snprintf(where, sizeof where, "SIZER_PROBE_REPORT=%s", report_path);
  snprintf(from, sizeof from, "SIZER_PROBE_SOURCE=%d", (int)source);
  // The engine must not begin by itself with the runtime that happens to be linked.
  char *environment[] = {preload, where, from, "SIZER_ENTRY_POINTS=off", "PATH=/usr/bin:/bin", NULL};
  run(path, environment);
  FILE *said = fdopen(file, "r");
  target_report report = {.text = read_text(said), .program = strdup(path)};
  fclose(said);
  unlink(report_path);
  return report;
}

void target_report_end(target_report *report) {
  free(report->text);
  free((void *)(uintptr_t)report->program);
}

const char *target_said(const target_report *report, const char *key) {
  static char line[1024];
  size_t length = strlen(key);
  for (const char *at = report->text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
    if (strncmp(at, key, length) != 0 || at[length] != ' ') continue;
    size_t rest = strcspn(at + length + 1, "\n");
    snprintf(line, sizeof line, "%.*s", (int)rest, at + length + 1);
    return line;
  }
  check_fail(__FILE__, __LINE__, "the probe did not say it", key);
}

uintptr_t target_address(const target_report *report, const char *symbol) {
  char key[128];
  snprintf(key, sizeof key, "symbol %s", symbol);
  return strtoul(target_said(report, key), NULL, 16);
}

// ---- The second source ----

static bool ends_with(const char *text, size_t length, const char *end) {
  size_t end_length = strlen(end);
  return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

// The path and the first address of the file's mappings.
static uintptr_t first_mapping(const target_report *report, const char *file, char path[4096]) {
  for (const char *at = report->text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
    size_t length = strcspn(at, "\n");
    const char *slash = memchr(at, '/', length);
    if (!slash || !ends_with(at, length, file)) continue;
    snprintf(path, 4096, "%.*s", (int)(length - (size_t)(slash - at)), slash);
    return strtoul(at, NULL, 16);
  }
  check_fail(__FILE__, __LINE__, "no such mapping", file);
}

static bool is_at_fixed_addresses(const char *path) {
  Elf64_Ehdr header;
  FILE *file = fopen(path, "r");
  CHECK(file && fread(&header, sizeof header, 1, file) == 1);
  fclose(file);
  return header.e_type == ET_EXEC;
}

// What nm says of a file, in the form "address kind name" with a version behind "@". Kept: it is asked for each symbol.
static const char *list_of(const char *options, const char *path) {
  static struct {
    char command[8192], *text;
  } lists[4];
  static unsigned next;
  char command[8192];
  snprintf(command, sizeof command, "'%s' %s --defined-only '%s' 2>/dev/null", CSIZER_NM, options, path);
  for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
    if (lists[i].text && strcmp(lists[i].command, command) == 0) return lists[i].text;
  unsigned place = next++ % (sizeof lists / sizeof *lists);
  FILE *nm = popen(command, "r");
  CHECK(nm != NULL);
  free(lists[place].text);
  lists[place].text = read_text(nm);
  strcpy(lists[place].command, command);
  pclose(nm);
  return lists[place].text;
}

static bool look_up(const char *list, const char *symbol, uintptr_t *ret_value) {
  size_t length = strlen(symbol);
  for (const char *at = list; (at = strstr(at, symbol)); at += length) {
    bool is_whole = at - list >= 19 && at[-1] == ' ' && at[-3] == ' ' && strchr("\n@", at[length]);
    if (is_whole) *ret_value = strtoul(at - 19, NULL, 16);
    if (is_whole) return true;
  }
  return false;
}

// Of all symbols, and of those that the loader knows where the others were stripped.
uintptr_t target_expected(const target_report *report, const char *file, const char *symbol) {
  char path[4096];
  uintptr_t start = first_mapping(report, file, path), value;
  if (!look_up(list_of("", path), symbol, &value) && !look_up(list_of("-D", path), symbol, &value)) return 0;
  return is_at_fixed_addresses(path) ? value : start + value;
}
