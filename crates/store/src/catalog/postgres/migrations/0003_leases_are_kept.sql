-- A database that is back at once after a crash must still know whose leases are not over: their
-- holders believe what they keep until then. A table that is not logged is emptied by a crash.
ALTER TABLE replicas SET LOGGED;
