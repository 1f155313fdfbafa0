-- SPDX-License-Identifier: Apache-2.0
-- Which class weighs more in version B than in version A, whether it grows or not? Each process at its last snapshot between the two ages, compared
-- as in growth.sql: its bytes, and `each`, the bytes for each living instance, which tells larger instances from more of them and is not
-- troubled by busy processes. A class is named if either is surely larger; of `each` by half a percent at least. `low` and `high` bound the
-- difference of the bytes.
WITH chosen AS (
  SELECT c.version, c.pod, coalesce(c.start, 0) AS start, c.snapshot, c.class, CAST(c.bytes AS DOUBLE) AS bytes,
    CASE WHEN c.active > 0 THEN CAST(c.bytes AS DOUBLE) / c.active END AS each
  FROM classes c CROSS JOIN question q
  WHERE c.service = q.of_service AND c.version IN (q.version_a, q.version_b) AND c.time BETWEEN q.from_age AND q.to_age
), pods AS (
  SELECT version, pod, start, max(snapshot) AS snapshot FROM chosen GROUP BY version, pod, start
), fleets AS (
  SELECT version, CAST(count(*) AS DOUBLE) AS pods FROM pods GROUP BY version
), totals AS (
  SELECT c.version, c.class, sum(c.bytes) AS total, sum(c.bytes * c.bytes) AS squares,
    avg(c.each) AS each, CAST(count(c.each) AS DOUBLE) AS having_it, var_pop(c.each) AS each_spread
  FROM chosen c JOIN pods p ON p.version = c.version AND p.pod = c.pod AND p.start = c.start AND p.snapshot = c.snapshot
  GROUP BY c.version, c.class
), means AS (
  SELECT t.class AS class, a.pods AS pods_a, b.pods AS pods_b, q.z AS z, coalesce(s.total, 0) / a.pods AS mean_a, t.total / b.pods AS mean_b,
    coalesce(s.squares, 0) AS squares_a, t.squares AS squares_b, s.each AS each_a, t.each AS each_b,
    s.each_spread / nullif(s.having_it - 1, 0) AS each_part_a, t.each_spread / nullif(t.having_it - 1, 0) AS each_part_b,
    s.having_it AS having_a, t.having_it AS having_b
  FROM question q
    JOIN fleets a ON a.version = q.version_a
    JOIN fleets b ON b.version = q.version_b
    JOIN totals t ON t.version = q.version_b
    LEFT JOIN totals s ON s.version = q.version_a AND s.class = t.class
  WHERE a.pods >= 10 AND b.pods >= 10
), parts AS (
  SELECT class, pods_a, pods_b, z, mean_a, mean_b, each_a, each_b, each_part_a, each_part_b, having_a, having_b,
    greatest(squares_a - pods_a * mean_a * mean_a, 0) / (pods_a - 1) / pods_a AS part_a,
    greatest(squares_b - pods_b * mean_b * mean_b, 0) / (pods_b - 1) / pods_b AS part_b
  FROM means
), errors AS (
  SELECT class, pods_a, pods_b, z, mean_a, mean_b, each_a, each_b, having_a, having_b, mean_b - mean_a AS difference,
    sqrt(part_a + part_b) AS error,
    coalesce((part_a * part_a / (pods_a - 1) + part_b * part_b / (pods_b - 1))
      / nullif((part_a + part_b) * (part_a + part_b), 0), 0) AS few,
    sqrt(each_part_a + each_part_b) AS each_error,
    coalesce((each_part_a * each_part_a / nullif(having_a - 1, 0) + each_part_b * each_part_b / nullif(having_b - 1, 0))
      / nullif((each_part_a + each_part_b) * (each_part_a + each_part_b), 0), 0) AS each_few
  FROM parts
), bounds AS (
  SELECT class, pods_a, pods_b, mean_a, mean_b, each_a, each_b, difference,
    (z + (z * z + 1) * z * few / 4 + ((5 * z * z + 16) * z * z + 3) * z * few * few / 96) * error AS margin,
    having_a >= 10 AND having_b >= 10 AND each_b - each_a > each_a / 200 AND each_b - each_a > each_error
      * (z + (z * z + 1) * z * each_few / 4 + ((5 * z * z + 16) * z * z + 3) * z * each_few * each_few / 96) AS are_larger
  FROM errors
)
SELECT class, CAST(pods_a AS BIGINT) AS pods_a, CAST(pods_b AS BIGINT) AS pods_b,
  CAST(round(each_a) AS BIGINT) AS each_a, CAST(round(each_b) AS BIGINT) AS each_b,
  CAST(round(mean_a) AS BIGINT) AS bytes_a, CAST(round(mean_b) AS BIGINT) AS bytes_b,
  CAST(round(difference - margin) AS BIGINT) AS low, CAST(round(difference + margin) AS BIGINT) AS high
FROM bounds
WHERE difference > margin OR coalesce(are_larger, false)
ORDER BY difference - margin DESC, class
