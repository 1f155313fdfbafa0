// SPDX-License-Identifier: Apache-2.0

extension Schema {
  /// For people at a SQL prompt; nothing of ours reads them.
  static let views = [
    // The lists of size_runs as rows: a size is in row `object, snapshot` only where it differs from the one before.
    // Run by run, and not in one window over all: so a question for one snapshot opens the runs of that snapshot alone,
    // and no sort is long. Of SQLite's aggregates those for JSON are refused to a view in a shell that trusts no
    // schema.
    """
    CREATE VIEW sizes AS SELECT CAST(k.key AS INTEGER) AS object, r.snapshot, k.value AS bytes
      FROM size_runs r, json_each((SELECT '{' || coalesce(group_concat('"' || object || '":' || bytes), '') || '}' \
    FROM (
        SELECT r.first - 1 + sum(CASE WHEN j.value < 0 THEN -j.value ELSE 1 END)
          OVER (ORDER BY j.key ROWS UNBOUNDED PRECEDING) AS object, j.value * r.unit AS bytes
        FROM json_each(r.sizes) j) WHERE bytes >= 0)) k
    """,
    // Objects with their names, times in seconds.
    """
    CREATE VIEW object_list AS SELECT o.id AS object, n.name, c.name AS class, coalesce(k.name, c.name) \
    AS current_class,
      printf('0x%x', o.address) AS address, o.birth / 1e9 AS birth, iif(o.dead, o.ended / 1e9, NULL) AS death,
      o.ended / 1e9 AS ended, o.trace
      FROM objects o JOIN names n ON n.id = o.name JOIN names c ON c.id = o.class LEFT JOIN names k ON k.id = o.current
    """,
    // What was found at each snapshot, unchanged sizes too. CROSS JOIN is SQLite's word for the order that is written:
    // sizes first, which then are not put aside in a table.
    """
    CREATE VIEW living AS SELECT p.id AS snapshot, p.label, p.time / 1e9 AS time, s.object, n.name, s.bytes
      FROM (SELECT object, bytes, snapshot, lead(snapshot) OVER (PARTITION BY object ORDER BY snapshot) AS next \
    FROM sizes) s
      CROSS JOIN objects o ON o.id = s.object CROSS JOIN names n ON n.id = o.name CROSS JOIN snapshots p
        ON p.id >= s.snapshot AND (s.next IS NULL OR p.id < s.next) AND (o.ended IS NULL OR p.time < o.ended)
    """,
    // The summary: each class at each snapshot.
    """
    CREATE VIEW class_history AS SELECT c.snapshot, p.label, p.time / 1e9 AS time, t.text AS name, c.active, c.bytes,
      iif(c.active, c.bytes / c.active, 0) AS average, c.share
      FROM classes c JOIN snapshots p ON p.id = c.snapshot JOIN texts t ON t.id = c.name
    """,
    // The named referents of objects.
    """
    CREATE VIEW referent_list AS SELECT t.object, t.snapshot, r.id, r.parent, n.text AS name, y.text AS type, \
    r.bytes, r.flat
      FROM referents r JOIN referent_trees t ON t.id = r.tree JOIN texts n ON n.id = r.name \
    JOIN texts y ON y.id = r.type
    """,
    // The calls of each trace, innermost first.
    """
    CREATE VIEW calls AS SELECT t.id AS trace, j.key AS position, f.text AS function, p.text AS file, e.line, e.col,
      e.inlined, i.text AS image, printf('0x%x', e.image_offset) AS image_offset, printf('0x%x', e.address) AS address
      FROM traces t, json_each(t.frames) j JOIN frames e ON e.id = j.value
      LEFT JOIN texts f ON f.id = e.function LEFT JOIN texts p ON p.id = e.file LEFT JOIN texts i ON i.id = e.image
    """,
  ]
}
