-- SPDX-License-Identifier: Apache-2.0
-- Which shapes of objects that hold one another, and that nothing else holds, are there in version B, and what were they in version A?
-- For profiles with images of the heap; needs the table `leaks`, too. Each process at its last image; processes with an image are those of which
-- `classes` knows what is retained. One image proves nothing: `sizer leaks` does, of a process with two.
WITH imaged AS (
  SELECT DISTINCT c.version, c.pod, coalesce(c.start, 0) AS start
  FROM classes c CROSS JOIN question q
  WHERE c.service = q.of_service AND c.version IN (q.version_a, q.version_b) AND c.retained IS NOT NULL
), fleets AS (
  SELECT version, count(*) AS pods FROM imaged GROUP BY version
), found AS (
  SELECT l.version, l.signature, l.pod, coalesce(l.start, 0) AS start, max(l.types) AS types, max(l.grade) AS grade,
    sum(l.groups) AS groups, sum(l.bytes) AS bytes
  FROM leaks l CROSS JOIN question q
  WHERE l.service = q.of_service AND l.version IN (q.version_a, q.version_b) AND l.last
  GROUP BY l.version, l.signature, l.pod, coalesce(l.start, 0)
), sides AS (
  SELECT f.version, f.signature, max(f.types) AS types, max(f.grade) AS grade, count(*) AS pods_with_it,
    sum(f.groups) AS groups, sum(f.bytes) AS bytes
  FROM found f
  GROUP BY f.version, f.signature
)
SELECT b.types, b.grade, n.pods AS pods_a, coalesce(a.pods_with_it, 0) AS with_it_a, m.pods AS pods_b, b.pods_with_it AS with_it_b,
  CAST(coalesce(a.bytes, 0) AS BIGINT) AS bytes_a, CAST(b.bytes AS BIGINT) AS bytes_b, CAST(b.groups AS BIGINT) AS groups_b, b.signature
FROM question q
  JOIN sides b ON b.version = q.version_b
  LEFT JOIN sides a ON a.version = q.version_a AND a.signature = b.signature
  LEFT JOIN fleets n ON n.version = q.version_a
  LEFT JOIN fleets m ON m.version = q.version_b
ORDER BY b.bytes DESC, b.signature
