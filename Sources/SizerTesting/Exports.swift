// SPDX-License-Identifier: Apache-2.0

// What a test asks further of: sizes, graphs and their paths.
@_exported public import Sizer
