// SPDX-License-Identifier: Apache-2.0
#include "runtime/text_reader.h"

// Generic arguments that are integers, and parameters that stand for them.

// Where the signature lists `let A`: the parameter's number among all, or -1.
static long number_of_integer(const text_reader *reader, const char *parameter, size_t length) {
  long number = 0;
  const char *at = reader->signature;
  while (at < reader->signature_end) {
    if (*at == '<' || strncmp(at, ", ", 2) == 0) {
      at += *at == '<' ? 1 : 2;
      bool is_integer = strncmp(at, "let ", 4) == 0;
      if (is_integer && strncmp(at + 4, parameter, length) == 0 && strchr(",> ", at[4 + length])) return number;
      number++;
    } else if (strncmp(at, " where ", 7) == 0) {
      for (at = text_end_of(at); *at == ','; at = text_end_of(at + 1)) {
      }
    } else {
      at++;
    }
  }
  return -1;
}

bool csizer_text_read_integer(text_reader *reader, const void **ret_value) {
  const char *start = reader->at;
  bool is_negative = *start == '-' && text_is_digit(start[1]);
  if (text_is_digit(*start) || is_negative) {
    intptr_t value = 0;
    for (reader->at += is_negative; text_is_digit(*reader->at); reader->at++) value = value * 10 + (*reader->at - '0');
    *ret_value = (const void *)(is_negative ? -value : value);
    return true;
  }
  if (!text_at_parameter(start) || !reader->scope->arguments) return false;
  text_reader ahead = *reader;
  text_take_parameter(&ahead);
  long number = number_of_integer(reader, start, (size_t)(ahead.at - start));
  if (number < 0) return false;
  *ret_value = reader->scope->arguments[number];
  reader->at = ahead.at;
  return true;
}
