-- What was said about projects, releases and files, as JSON in a format of its own. Marks outlive
-- the files that they are about.
CREATE TABLE marks (
    id INTEGER PRIMARY KEY,
    index_id INTEGER NOT NULL REFERENCES indexes (id),
    project TEXT NOT NULL,
    format INTEGER NOT NULL,
    body TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE INDEX marks_of_project ON marks (index_id, project, id);

-- The status that the marks give a project, for lists.
ALTER TABLE projects ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
