// SPDX-License-Identifier: Apache-2.0

// Errors have their shape from there, and profiles have images: who reads a profile wants both.
@_exported public import SizerGraph
