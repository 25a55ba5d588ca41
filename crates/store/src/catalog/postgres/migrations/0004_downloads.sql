-- How often files were downloaded. What is counted, kept apart so that counts are small: a file; a
-- project, which has no file; the whole index, which has no project either. Counts outlive what they
-- are about, so nothing here refers to the tables of files.
CREATE TABLE counted_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    index_name text COLLATE "C" NOT NULL,
    project text COLLATE "C" NOT NULL,
    file text COLLATE "C" NOT NULL,
    UNIQUE (index_name, project, file)
);

CREATE INDEX counted_projects ON counted_files (index_name, file, project) WHERE file = '';

-- By day (since 1970) and what fetched; of a project by day alone. What is not known has no name.
CREATE TABLE downloads (
    file_id bigint NOT NULL REFERENCES counted_files (id),
    day integer NOT NULL,
    python text COLLATE "C" NOT NULL,
    platform text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (file_id, day, python, platform, client)
);

CREATE INDEX downloads_by_day ON downloads (day);

-- What days of long ago are folded into: the first day of their month.
CREATE TABLE download_months (
    file_id bigint NOT NULL REFERENCES counted_files (id),
    month integer NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (file_id, month)
);
