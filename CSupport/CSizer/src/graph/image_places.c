// SPDX-License-Identifier: Apache-2.0
// Addresses in executables and libraries, and what is said of them: the file, its build id, and the offset in it.
#define _GNU_SOURCE
#include "graph/image_places.h"

#include <link.h>
#include <sys/mman.h>

#include "csizer_symbols.h"
#include "platform/elf.h"
#include "platform/hash.h"
#include "platform/thread_own.h"

static int add_segments(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  csizer_image_places *places = context;
  for (int i = 0; i < info->dlpi_phnum && places->segment_count < PLACES_SEGMENTS; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W)) continue;
    const uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (csizer_elf_is_left_out(start)) continue;
    places->segments[places->segment_count].start = (start + 7) & ~(uintptr_t)7;
    places->segments[places->segment_count++].end = start + segment->p_memsz;
  }
  return 0;
}

csizer_status csizer_image_places_create(csizer_image_places **ret_places) {
  // Little of it will ever be touched.
  const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  csizer_image_places *places = mmap(NULL, sizeof *places, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (places == MAP_FAILED) return CSIZER_NO_MEMORY;
  dl_iterate_phdr(add_segments, places);
  places->variables = csizer_thread_variables();
  csizer_image_places_look(places);
  *ret_places = places;
  return CSIZER_OK;
}

void csizer_image_places_leave_out(csizer_image_places *places, const void *start, size_t bytes) {
  places->left_out_start = (uintptr_t)start;
  places->left_out_end = (uintptr_t)start + bytes;
}

void csizer_image_places_look(csizer_image_places *places) {
  places->thread_count = csizer_image_threads_read(places->threads, PLACES_THREADS, places->variables);
}

void csizer_image_places_restart(csizer_image_places *places) {
  places->count = places->word_count = 0;
  if (places->codes.count) places->codes = (image_codes){0};
  for (uint32_t i = 0; i < places->thread_count; i++) csizer_image_place_add(places, i, LABEL_THREAD);
}

void csizer_image_places_destroy(csizer_image_places *places) {
  if (places) munmap(places, sizeof *places);
}

uint32_t csizer_image_place_add(csizer_image_places *places, uintptr_t address, image_label label) {
  if (places->count == PLACES_MOST) return PLACES_MOST;
  places->places[places->count] = (image_place){.address = address, .label = label};
  return places->count++;
}

uint32_t csizer_image_place_of_word(csizer_image_places *places, uintptr_t at, size_t usable) {
  if (places->word_count == PLACES_WORDS) return PLACES_MOST;
  places->words[places->word_count].at = at;
  places->words[places->word_count].usable = usable;
  const uint32_t place = csizer_image_place_add(places, places->word_count, LABEL_WORD);
  places->word_count += place != PLACES_MOST;
  return place;
}

uint32_t csizer_image_place_of_code(csizer_image_places *places, uintptr_t code) {
  image_codes *known = &places->codes;
  size_t i = hash_first(hash_address((const void *)code), PLACES_CODES);
  while (known->codes[i].address && known->codes[i].address != code) i = hash_next(i, PLACES_CODES);
  if (known->codes[i].address) return known->codes[i].place;
  if (known->count == PLACES_CODES / 2) return PLACES_MOST;
  const uint32_t place = csizer_image_place_add(places, code, LABEL_FUNCTION);
  if (place == PLACES_MOST) return place;
  known->count++;
  known->codes[i].address = code;
  return known->codes[i].place = place;
}

// ---- Threads ----

void csizer_image_put_threads(image_stream *stream, const csizer_image_places *places) {
  enum { RUNNING = 1, ASLEEP = 2 };
  csizer_image_stream_section(stream, IMAGE_THREAD);
  for (uint32_t i = 0; i < places->thread_count; i++) {
    const image_thread *thread = &places->threads[i];
    image_put(stream, thread->id);
    image_put(stream, thread->is_asleep ? ASLEEP : RUNNING);  // a byte
    image_put(stream, thread->processor_time);
    image_put(stream, thread->sleeps);
    image_put_text(stream, thread->name, strlen(thread->name), NULL, 0);
  }
}

// ---- Labels ----

/// The library that places are in, most of them one after the other.
typedef struct finder {
  uintptr_t address, bias, start, end;
  char text[256];
  size_t length;
} finder;

static void add_text(finder *finder, const char *text, size_t length) {
  if (length > sizeof finder->text - finder->length) length = sizeof finder->text - finder->length;
  memcpy(finder->text + finder->length, text, length);
  finder->length += length;
}

static void add_hexadecimal(finder *finder, uint64_t value) {
  char digits[16];
  size_t at = sizeof digits;
  do digits[--at] = "0123456789abcdef"[value & 15];
  while (value >>= 4);
  add_text(finder, digits + at, sizeof digits - at);
}

static void note_image(const csizer_loaded_image *image, void *context) {
  finder *finder = context;
  if (finder->address < image->start || finder->address >= image->end) return;
  const char *slash = strrchr(image->path, '/'), *name = slash ? slash + 1 : image->path;
  finder->bias = image->bias;
  finder->start = image->start;
  finder->end = image->end;
  finder->length = 0;
  add_text(finder, name, strlen(name) < 128 ? strlen(name) : 128);
  if (image->build_id) add_text(finder, "@", 1);
  for (size_t i = 0; i < image->build_id_length; i++) {
    const char byte[] = {"0123456789abcdef"[image->build_id[i] >> 4], "0123456789abcdef"[image->build_id[i] & 15]};
    add_text(finder, byte, sizeof byte);
  }
  add_text(finder, "+0x", 3);
}

static void put_word(image_stream *stream, const csizer_image_places *places, uint64_t number) {
  finder text = {.length = 0};
  add_text(&text, "0x", 2);
  add_hexadecimal(&text, places->words[number].at);
  static const char in[] = " in a block of ", bytes[] = " bytes";
  add_text(&text, in, sizeof in - 1);
  char digits[20];
  size_t at = sizeof digits;
  uint64_t rest = places->words[number].usable;
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  add_text(&text, digits + at, sizeof digits - at);
  add_text(&text, bytes, sizeof bytes - 1);
  image_put(stream, LABEL_TEXT);
  image_put_text(stream, text.text, text.length, NULL, 0);
}

void csizer_image_put_places(image_stream *stream, const csizer_image_places *places) {
  finder finder = {.start = 1};
  for (uint32_t i = 0; i < places->count; i++) {
    const image_place *place = &places->places[i];
    if (place->label == LABEL_THREAD) {
      const char *name = places->threads[place->address].name;
      image_put(stream, LABEL_THREAD);
      image_put_text(stream, name, strlen(name), NULL, 0);
      continue;
    }
    if (place->label == LABEL_WORD) {
      put_word(stream, places, place->address);
      continue;
    }
    finder.address = place->address;
    if (finder.address < finder.start || finder.address >= finder.end) {
      finder.bias = finder.start = finder.end = finder.length = 0;
      csizer_loaded_images(note_image, &finder);  // none when it is gone: then its label is a number
    }
    const size_t length = finder.length;
    add_hexadecimal(&finder, place->address - finder.bias);
    image_put(stream, place->label);
    image_put_text(stream, finder.text, finder.length, NULL, 0);
    finder.length = length;
  }
}
