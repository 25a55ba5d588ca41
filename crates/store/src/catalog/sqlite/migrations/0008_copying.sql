-- One row while the catalog is copied: it is held still (`held`, and `moved` once another one counts in
-- its place), or it is being filled with the rows of another one (`filling`), and how far that got.
CREATE TABLE copying (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    since INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    audit_events INTEGER NOT NULL
) STRICT;
