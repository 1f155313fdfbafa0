-- SPDX-License-Identifier: Apache-2.0
-- In which functions are tasks in version B, how many in a process, and how many were they in version A? For profiles with images of the heap; needs
-- the table `tasks`, too. Each process at its last image, with 0 where it has no such task; processes with an image are those of which `classes`
-- knows what is retained.
WITH imaged AS (
  SELECT DISTINCT c.version, c.pod, coalesce(c.start, 0) AS start
  FROM classes c CROSS JOIN question q
  WHERE c.service = q.of_service AND c.version IN (q.version_a, q.version_b) AND c.retained IS NOT NULL
), fleets AS (
  SELECT version, CAST(count(*) AS DOUBLE) AS pods FROM imaged GROUP BY version
), found AS (
  SELECT t.version, t.function, t.pod, coalesce(t.start, 0) AS start, sum(t.count) AS tasks, sum(t.retained) AS retained
  FROM tasks t CROSS JOIN question q
  WHERE t.service = q.of_service AND t.version IN (q.version_a, q.version_b) AND t.last
  GROUP BY t.version, t.function, t.pod, coalesce(t.start, 0)
), sides AS (
  SELECT version, function, count(*) AS pods_with_it, CAST(sum(tasks) AS DOUBLE) AS tasks, max(tasks) AS most,
    CAST(sum(retained) AS DOUBLE) AS retained
  FROM found
  GROUP BY version, function
)
SELECT b.function, b.pods_with_it AS with_it_b, CAST(m.pods AS BIGINT) AS pods_b,
  round(coalesce(a.tasks, 0) / n.pods, 1) AS mean_a, round(b.tasks / m.pods, 1) AS mean_b, CAST(b.most AS BIGINT) AS most_b,
  CAST(round(b.retained / m.pods) AS BIGINT) AS retained_b
FROM question q
  JOIN sides b ON b.version = q.version_b
  LEFT JOIN sides a ON a.version = q.version_a AND a.function = b.function
  LEFT JOIN fleets n ON n.version = q.version_a
  LEFT JOIN fleets m ON m.version = q.version_b
ORDER BY b.tasks / m.pods DESC, b.function
