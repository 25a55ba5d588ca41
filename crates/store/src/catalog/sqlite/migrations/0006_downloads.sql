-- How often files were downloaded. What is counted, kept apart so that counts are small: a file; a
-- project, which has no file; the whole index, which has no project either. Counts outlive what they
-- are about, so nothing here refers to the tables of files.
CREATE TABLE counted_files (
    id INTEGER PRIMARY KEY,
    index_name TEXT NOT NULL,
    project TEXT NOT NULL,
    file TEXT NOT NULL,
    UNIQUE (index_name, project, file)
) STRICT;

CREATE INDEX counted_projects ON counted_files (index_name, file, project) WHERE file = '';

-- By day (since 1970) and what fetched; of a project by day alone. What is not known has no name.
CREATE TABLE downloads (
    file_id INTEGER NOT NULL REFERENCES counted_files (id),
    day INTEGER NOT NULL,
    python TEXT NOT NULL,
    platform TEXT NOT NULL,
    client TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (file_id, day, python, platform, client)
) STRICT;

CREATE INDEX downloads_by_day ON downloads (day);

-- What days of long ago are folded into: the first day of their month.
CREATE TABLE download_months (
    file_id INTEGER NOT NULL REFERENCES counted_files (id),
    month INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (file_id, month)
) STRICT;
