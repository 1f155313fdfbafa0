// SPDX-License-Identifier: Apache-2.0

// Nearly every test makes its values with the helpers that all tests share.
@_exported public import TestSupport
