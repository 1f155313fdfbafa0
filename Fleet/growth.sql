-- SPDX-License-Identifier: Apache-2.0
-- Which class grows faster in version B than in version A, over the fleet, and how sure is that?
-- What is counted is the process, not the snapshot: each gives one slope for each class, by least squares of bytes over time, and the slopes of
-- the two versions are compared as Welch does. A class that a process does not have weighs 0 there. `low` and `high` bound the difference in
-- bytes an hour by z standard errors, more of them where there are few processes (Student's t, by its expansion around the normal
-- distribution). At least ten processes of each version with four snapshots each, or nothing is said.
WITH chosen AS (
  SELECT c.version, c.pod, coalesce(c.start, 0) AS start, c.snapshot, c.time, c.class, CAST(c.bytes AS DOUBLE) AS bytes
  FROM classes c CROSS JOIN question q
  WHERE c.service = q.of_service AND c.version IN (q.version_a, q.version_b) AND c.time BETWEEN q.from_age AND q.to_age
), moments AS (
  SELECT version, pod, start, snapshot, max(time) AS time FROM chosen GROUP BY version, pod, start, snapshot
), pods AS (
  SELECT version, pod, start, avg(time) AS middle, count(*) * var_pop(time) AS spread
  FROM moments
  GROUP BY version, pod, start
  HAVING count(*) >= 4 AND max(time) > min(time)
), slopes AS (
  SELECT c.version, c.class, c.pod, c.start, 3600 * sum((c.time - p.middle) * c.bytes) / max(p.spread) AS slope
  FROM chosen c JOIN pods p ON p.version = c.version AND p.pod = c.pod AND p.start = c.start
  GROUP BY c.version, c.class, c.pod, c.start
), totals AS (
  SELECT version, class, sum(slope) AS total, sum(slope * slope) AS squares, count(CASE WHEN slope > 0 THEN 1 END) AS growing
  FROM slopes
  GROUP BY version, class
), fleets AS (
  SELECT version, CAST(count(*) AS DOUBLE) AS pods FROM pods GROUP BY version
), means AS (
  SELECT t.class AS class, a.pods AS pods_a, b.pods AS pods_b, coalesce(s.total, 0) / a.pods AS mean_a, t.total / b.pods AS mean_b,
    coalesce(s.squares, 0) AS squares_a, t.squares AS squares_b, t.growing / b.pods AS growing_b, q.z AS z
  FROM question q
    JOIN fleets a ON a.version = q.version_a
    JOIN fleets b ON b.version = q.version_b
    JOIN totals t ON t.version = q.version_b
    LEFT JOIN totals s ON s.version = q.version_a AND s.class = t.class
  WHERE a.pods >= 10 AND b.pods >= 10
), parts AS (
  SELECT class, pods_a, pods_b, mean_a, mean_b, growing_b, z, mean_b - mean_a AS difference,
    greatest(squares_a - pods_a * mean_a * mean_a, 0) / (pods_a - 1) / pods_a AS part_a,
    greatest(squares_b - pods_b * mean_b * mean_b, 0) / (pods_b - 1) / pods_b AS part_b
  FROM means
), errors AS (
  SELECT class, pods_a, pods_b, mean_a, mean_b, growing_b, z, difference, sqrt(part_a + part_b) AS error,
    coalesce((part_a * part_a / (pods_a - 1) + part_b * part_b / (pods_b - 1))
      / nullif((part_a + part_b) * (part_a + part_b), 0), 0) AS few
  FROM parts
), bounds AS (
  SELECT class, pods_a, pods_b, mean_a, mean_b, growing_b, difference,
    (z + (z * z + 1) * z * few / 4 + ((5 * z * z + 16) * z * z + 3) * z * few * few / 96) * error AS margin
  FROM errors
)
SELECT class, CAST(pods_a AS BIGINT) AS pods_a, CAST(pods_b AS BIGINT) AS pods_b,
  CAST(round(mean_a) AS BIGINT) AS a_bytes_per_hour, CAST(round(mean_b) AS BIGINT) AS b_bytes_per_hour,
  CAST(round(difference - margin) AS BIGINT) AS low, CAST(round(difference + margin) AS BIGINT) AS high,
  CAST(round(100 * growing_b) AS BIGINT) AS growing_b_percent
FROM bounds
WHERE difference > margin
ORDER BY difference - margin DESC, class
