-- The beginning. Numbers of 64 bits without a sign (sizes, inodes) are kept with their bits as
-- they are; moments are microseconds since 1970, times of modification nanoseconds.

-- One row: the serial of the last commit. Whoever commits locks it.
CREATE TABLE journal_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    serial INTEGER NOT NULL
) STRICT;

-- How much each index holds, kept with every change.
CREATE TABLE indexes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    project_count INTEGER NOT NULL DEFAULT 0,
    file_count INTEGER NOT NULL DEFAULT 0,
    unread_count INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Projects without files stay: their serial must never go down.
CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    index_id INTEGER NOT NULL REFERENCES indexes (id),
    key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    last_serial INTEGER NOT NULL,
    file_count INTEGER NOT NULL,
    UNIQUE (index_id, key)
) STRICT;

CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    index_id INTEGER NOT NULL REFERENCES indexes (id),
    project_id INTEGER NOT NULL REFERENCES projects (id),
    path TEXT NOT NULL,
    file_name TEXT NOT NULL,
    -- What the file's name says.
    kind TEXT NOT NULL,
    spelled_name TEXT NOT NULL,
    version TEXT NOT NULL,
    -- The fingerprint: of a file in a directory (time and inode) or of an object (digest).
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER,
    inode INTEGER,
    object_sha256 BLOB,
    uploaded_at INTEGER NOT NULL,
    -- What reading the file showed. Without a digest here, nobody has read it.
    sha256 BLOB,
    blake2b_256 BLOB,
    md5 BLOB,
    listed_algorithm TEXT,
    listed_hex TEXT,
    metadata_state TEXT,
    unreadable_reason TEXT,
    offered_sha256 BLOB,
    requires_python TEXT,
    summary TEXT,
    UNIQUE (index_id, path)
) STRICT;

-- The files of a project, and the one that tells how the project's name is spelled: the last
-- among those that are no signatures.
CREATE INDEX files_of_project
    ON files (project_id, (kind <> 'signature'), uploaded_at, path);
CREATE INDEX files_by_name ON files (index_id, file_name, path);
CREATE INDEX files_unread ON files (index_id, path) WHERE sha256 IS NULL;

-- The whole core metadata of files that were read.
CREATE TABLE core_metadata (
    file_id INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    format INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- The journal: one commit, and the event of each file that it changed. Nothing here refers to
-- the tables above, because events outlive what they tell of.
CREATE TABLE commits (
    serial INTEGER PRIMARY KEY,
    index_name TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    agent TEXT,
    request_id TEXT,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    serial INTEGER NOT NULL REFERENCES commits (serial),
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    format INTEGER NOT NULL,
    before TEXT,
    after TEXT
) STRICT;

CREATE INDEX events_of_serial ON events (serial);
