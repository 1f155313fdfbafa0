-- SPDX-License-Identifier: Apache-2.0
-- The classes that weigh most, each process at its last snapshot: the median process, the one at 95 % (nearest rank: a process's real figure),
-- the largest, and the whole fleet. A class that a process does not have weighs 0 there; without that, 95 % of a rare class would be told by the
-- few processes that have it.
WITH found AS (
  SELECT c.class, c.pod, coalesce(c.start, 0) AS start, c.bytes FROM classes c CROSS JOIN question q WHERE c.service = q.of_service AND c.last
), fleet AS (
  SELECT count(*) AS pods FROM (SELECT DISTINCT pod, start FROM found) each_pod
), ranked AS (
  SELECT f.class, f.bytes, n.pods,
    -- Those without the class come first.
    n.pods - count(*) OVER (PARTITION BY f.class) + row_number() OVER (PARTITION BY f.class ORDER BY f.bytes, f.pod, f.start) AS place
  FROM found f CROSS JOIN fleet n
)
SELECT class, max(pods) AS pods, count(CASE WHEN bytes > 0 THEN 1 END) AS pods_with_it,
  max(CASE WHEN place = CAST(ceil(0.50 * pods) AS BIGINT) THEN bytes ELSE 0 END) AS median,
  max(CASE WHEN place = CAST(ceil(0.95 * pods) AS BIGINT) THEN bytes ELSE 0 END) AS p95,
  max(bytes) AS largest, CAST(sum(bytes) AS BIGINT) AS fleet
FROM ranked
GROUP BY class
ORDER BY p95 DESC, fleet DESC, class
LIMIT 20
