-- SPDX-License-Identifier: Apache-2.0
-- Which processes differ from the others of their service and version, and by which class, each at its last snapshot?
-- A busy process is larger in all classes. How busy it is, is the median over its classes of the logarithm of its bytes against the class's
-- median process, and is taken off: `expected` are the bytes that this explains. (Shares of a process's bytes would not do: where one large class
-- is missing, all others look large.) What is left is counted in robust deviations, 1.4826 times the median distance, of half a percent at least.
-- Classes that fewer than ten processes of a version have are not looked at.
WITH found AS (
  SELECT service, version, class, pod, coalesce(start, 0) AS start, file, bytes, ln(CAST(bytes AS DOUBLE)) AS size FROM classes WHERE last AND bytes > 0
), usual AS (
  SELECT service, version, class, median(size) AS middle FROM found GROUP BY service, version, class HAVING count(*) >= 10
), ratios AS (
  SELECT f.service, f.version, f.class, f.pod, f.start, f.file, f.bytes, u.middle, f.size - u.middle AS ratio
  FROM found f JOIN usual u ON u.service = f.service AND u.version = f.version AND u.class = f.class
), loads AS (
  SELECT service, version, pod, start, median(ratio) AS load FROM ratios GROUP BY service, version, pod, start
), residuals AS (
  SELECT r.service, r.version, r.class, r.pod, r.start, r.file, r.bytes, exp(r.middle + l.load) AS expected, r.ratio - l.load AS residual
  FROM ratios r JOIN loads l ON l.service = r.service AND l.version = r.version AND l.pod = r.pod AND l.start = r.start
), spreads AS (
  SELECT service, version, class, greatest(1.4826 * median(abs(residual)), 0.005) AS spread FROM residuals GROUP BY service, version, class
)
SELECT r.service, r.version, r.pod, r.class, r.bytes, CAST(round(r.expected) AS BIGINT) AS expected,
  CAST(round(r.residual / s.spread) AS BIGINT) AS deviations, r.file
FROM residuals r CROSS JOIN question q
  JOIN spreads s ON s.service = r.service AND s.version = r.version AND s.class = r.class
WHERE r.residual / s.spread > q.least_deviations AND r.bytes - r.expected > q.least_bytes
ORDER BY r.bytes - r.expected DESC, r.pod, r.class
