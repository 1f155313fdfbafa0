// SPDX-License-Identifier: Apache-2.0

/// Has a private namesake in another file.
private final class Twin {}

var twinElsewhere: Any.Type { Twin.self }
