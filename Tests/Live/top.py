#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `sizer top` in a terminal of its own against a process that a test makes up, and looks at the screen.

    Tests/Live/top.py SIZER         names the cases
    Tests/Live/top.py SIZER CASE    runs one; exits 1 and says why when it fails
"""
import signal
import sys

# The tree stays as it is.
sys.dont_write_bytecode = True

# Each adds its cases.
import showing
import ending
import losing
import printing
from bench import CASES

if len(sys.argv) == 2:
    print("\n".join(CASES))
else:
    # Whoever starts this may have blocked signals, and what is blocked stays so in programs that are started.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    CASES[sys.argv[2]]()
