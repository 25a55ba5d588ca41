-- The servers over this database. What is written here many times a second is worth nothing after a
-- crash: everybody's lease is over then.
CREATE UNLOGGED TABLE replicas (
    id text COLLATE "C" PRIMARY KEY,
    -- Up to where it has followed what the others changed.
    serial bigint NOT NULL,
    access bigint NOT NULL,
    lease_until timestamptz NOT NULL
);

-- Whose turn it is at work that one of all servers does.
CREATE TABLE turns (
    work text COLLATE "C" PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    until timestamptz NOT NULL
);

-- One row: the number of the last change of who may do what. A trigger, so that servers of an older
-- version count too.
CREATE TABLE access_head (
    id integer PRIMARY KEY CHECK (id = 1),
    number bigint NOT NULL
);

INSERT INTO access_head (id, number) VALUES (1, 1);

CREATE FUNCTION wheelhouse_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_head SET number = number + 1 WHERE id = 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON access
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_access_changed();
