-- The beginning. Numbers of 64 bits without a sign (sizes, inodes) are kept with their bits as
-- they are; moments are microseconds since 1970, times of modification nanoseconds.
--
-- Texts that are compared and ordered are so by their bytes: COLLATE "C". Texts that may hold any
-- character, which `text` cannot, are bytea. Of long texts an index holds the beginning, because
-- what it can hold is limited; whoever asks compares the whole.

-- One row: the serial of the last commit. Whoever writes locks it, so that the order of commits
-- is the order of serials. `home` tells one life of the database from another.
CREATE TABLE journal_head (
    id integer PRIMARY KEY CHECK (id = 1),
    serial bigint NOT NULL,
    home text NOT NULL
);

-- How much each index holds, kept with every change.
CREATE TABLE indexes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    project_count bigint NOT NULL DEFAULT 0,
    file_count bigint NOT NULL DEFAULT 0,
    unread_count bigint NOT NULL DEFAULT 0
);

-- Projects without files stay: their serial must never go down.
CREATE TABLE projects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    index_id bigint NOT NULL REFERENCES indexes (id),
    key text COLLATE "C" NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    last_serial bigint NOT NULL,
    file_count bigint NOT NULL,
    -- The status that the marks give it, for lists.
    status text COLLATE "C" NOT NULL DEFAULT 'active'
);

CREATE UNIQUE INDEX projects_by_key ON projects (
    index_id,
    left(key, 500),
    (CASE WHEN length(key) > 500 THEN md5(substr(key, 501)) ELSE '' END)
);

CREATE TABLE files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    index_id bigint NOT NULL REFERENCES indexes (id),
    project_id bigint NOT NULL REFERENCES projects (id),
    path text COLLATE "C" NOT NULL,
    file_name text COLLATE "C" NOT NULL,
    -- What the file's name says.
    kind text COLLATE "C" NOT NULL,
    spelled_name text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    -- The fingerprint: of a file in a directory (time and inode) or of an object (digest).
    size_bytes bigint NOT NULL,
    modified_ns bigint,
    inode bigint,
    object_sha256 bytea,
    uploaded_at bigint NOT NULL,
    -- What reading the file showed. Without a digest here, nobody has read it.
    sha256 bytea,
    blake2b_256 bytea,
    md5 bytea,
    listed_algorithm text COLLATE "C",
    listed_hex text COLLATE "C",
    metadata_state text COLLATE "C",
    unreadable_reason bytea,
    offered_sha256 bytea,
    requires_python bytea,
    summary bytea,
    has_provenance boolean
);

CREATE UNIQUE INDEX files_by_path ON files (
    index_id,
    left(path, 500),
    (CASE WHEN length(path) > 500 THEN md5(substr(path, 501)) ELSE '' END)
);
-- The files of a project, and the one that tells how the project's name is spelled: the last
-- among those that are no signatures.
CREATE INDEX files_of_project ON files (project_id, (kind <> 'signature'), uploaded_at);
CREATE INDEX files_by_name ON files (index_id, left(file_name, 500));
CREATE INDEX files_unread ON files (index_id, left(path, 500)) WHERE sha256 IS NULL;
-- The newest files, for feeds.
CREATE INDEX files_by_upload ON files (index_id, uploaded_at) WHERE kind <> 'signature';

-- The whole core metadata of files that were read, as JSON, and its list of classifiers, also as
-- JSON, which is asked for by itself.
CREATE TABLE core_metadata (
    file_id bigint PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    format bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    classifiers text COLLATE "C" NOT NULL
);

-- The journal: one commit, and the event of each file or mark that it changed. Nothing here refers
-- to the tables above, because events outlive what they tell of.
CREATE TABLE commits (
    serial bigint PRIMARY KEY,
    index_name text COLLATE "C" NOT NULL,
    actor bytea NOT NULL,
    address bytea,
    agent bytea,
    request_id bytea,
    at bigint NOT NULL
);

CREATE TABLE events (
    serial bigint NOT NULL REFERENCES commits (serial),
    number bigint NOT NULL,
    project text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    -- Nothing, for an event that is about a mark.
    path text COLLATE "C" NOT NULL,
    format bigint NOT NULL,
    before text COLLATE "C",
    after text COLLATE "C",
    PRIMARY KEY (serial, number)
);

-- What was said about projects, releases and files, as JSON in a format of its own. Marks outlive
-- the files that they are about.
CREATE TABLE marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    index_id bigint NOT NULL REFERENCES indexes (id),
    project text COLLATE "C" NOT NULL,
    format bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    since bigint NOT NULL
);

CREATE INDEX marks_of_project ON marks (index_id, left(project, 500));

-- Who may do what: accounts, groups, roles, rules and tokens, each as JSON whose form its kind
-- tells. None of it is about packages.
CREATE TABLE access (
    kind bytea NOT NULL,
    key bytea NOT NULL,
    body text COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX access_by_key ON access (kind, sha256(key));

-- What may be used once only, until its time is up. Of a key that may be long, its digest.
CREATE TABLE claims (
    key_sha256 bytea PRIMARY KEY,
    until bigint NOT NULL
);

CREATE INDEX claims_by_time ON claims (until);

-- What happened besides changes of packages. Its ids are no serials.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    actor bytea NOT NULL,
    -- For whom the actor acts, if it is a token.
    token_owner bytea,
    address bytea,
    agent bytea,
    request_id bytea,
    project bytea,
    detail text COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_time ON audit (at, id);

-- Keys that all replicas share, such as the one that tokens are made with.
CREATE TABLE shared_keys (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);
