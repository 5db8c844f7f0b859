-- What guards a listing's rows against a drop that may not be true: since when the same rows are
-- held and by how many suspect polls in a row, whether an operator released them, and which
-- key the last believed poll was made with.
ALTER TABLE _listings ADD COLUMN held_since_at INTEGER;
ALTER TABLE _listings ADD COLUMN held_polls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _listings ADD COLUMN held_set INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _listings ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _listings ADD COLUMN credential INTEGER NOT NULL DEFAULT 0;
