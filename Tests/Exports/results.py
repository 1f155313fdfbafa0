# SPDX-License-Identifier: Apache-2.0
"""Counts checks."""

passed = 0
failures = 0


def equal(what, found, expected):
  global passed, failures
  if found == expected:
    passed += 1
  else:
    failures += 1
    print(f"FAILED: {what}: expected {expected!r}; found {found!r}")
