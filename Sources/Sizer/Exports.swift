// SPDX-License-Identifier: Apache-2.0

// A program that measures wants the values that were measured, too.
@_exported public import SizerGraph
@_exported public import SizerProfile
