-- Who may do what: accounts, groups, roles, rules and tokens, each as JSON whose form its kind
-- tells. None of it is about packages.
CREATE TABLE access (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;

-- What may be used once only, until its time is up.
CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;

-- What happened besides changes of packages: sign-ins that failed, uses of tokens, changes of
-- rights. Its ids are no serials: nothing that is kept of packages depends on them.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    agent TEXT,
    request_id TEXT,
    project TEXT,
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at, id);
