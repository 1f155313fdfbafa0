// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  /// Whether births and deaths are told by probes.
  static var emitsProbes: Bool {
    get { csizer_probes_are_enabled() }
    set { csizer_probes_enable(newValue) }
  }
}
