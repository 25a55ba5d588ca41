-- One row while the catalog is copied: it is held still (`held`, and `moved` once another one counts in
-- its place), or it is being filled with the rows of another one (`filling`), and how far that got.
CREATE TABLE copying (
    id integer PRIMARY KEY CHECK (id = 1),
    state text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    serial bigint NOT NULL,
    audit_events bigint NOT NULL
);

-- A trigger, so that servers of an older version are held too. Whoever holds the catalog locks the
-- tables first, so that nobody has begun to write who did not see it.
CREATE FUNCTION wheelhouse_expect_not_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holding copying;
BEGIN
    SELECT * INTO holding FROM copying WHERE state <> 'filling';
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'WH001', MESSAGE = CASE holding.state
            WHEN 'moved' THEN
                'this index has moved to ' || holding.place || ': what is written here would be lost'
            ELSE 'this index is about to move to ' || holding.place
                || ', and takes nothing meanwhile; try again in a moment'
        END;
    END IF;
    RETURN NULL;
END
$$;

-- Not for inserts: a catalog that is opened the first time gets its head.
CREATE TRIGGER expect_not_held BEFORE UPDATE ON journal_head
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
CREATE TRIGGER expect_not_held BEFORE INSERT OR UPDATE OR DELETE ON access
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
CREATE TRIGGER expect_not_held BEFORE INSERT OR UPDATE ON claims
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
CREATE TRIGGER expect_not_held BEFORE INSERT ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
CREATE TRIGGER expect_not_held BEFORE INSERT OR UPDATE OR DELETE ON downloads
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
CREATE TRIGGER expect_not_held BEFORE INSERT OR UPDATE ON download_months
    FOR EACH STATEMENT EXECUTE FUNCTION wheelhouse_expect_not_held();
