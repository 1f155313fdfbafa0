// SPDX-License-Identifier: Apache-2.0

/// Divides room among claims: nobody gets more than they claim, and what the small leave goes to the large in equal
/// parts. In the order of the claims.
package func quotas(for claims: [Int], room: Int) -> [Int] {
  var quotas = [Int](repeating: 0, count: claims.count)
  var room = room
  var left = claims.count
  for index in claims.indices.sorted(by: { (claims[$0], $0) < (claims[$1], $1) }) {
    quotas[index] = min(claims[index], room / left)
    room -= quotas[index]
    left -= 1
  }
  return quotas
}
