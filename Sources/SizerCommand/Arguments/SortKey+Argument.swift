// SPDX-License-Identifier: Apache-2.0

// A conformance of a public type is public itself.
public import ArgumentParser
public import SizerProfile

extension Statistics.SortKey: ExpressibleByArgument {}
