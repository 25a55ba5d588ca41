-- Whether a provenance of just this content stands beside the file. Nothing while nobody has read it.
ALTER TABLE files ADD COLUMN has_provenance INTEGER;
