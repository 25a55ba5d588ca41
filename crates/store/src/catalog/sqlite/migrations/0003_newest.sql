-- The newest files, for feeds.
CREATE INDEX files_by_upload ON files (index_id, uploaded_at, path) WHERE kind <> 'signature';
