-- What happened to a project is asked for by whoever looks at it.
CREATE INDEX events_by_project ON events (project, id);
