// SPDX-License-Identifier: Apache-2.0

/// The version of Sizer, which its commands print and profiles carry. CHANGELOG.md has what each one brought.
package let sizerVersion = "0.2.0"
