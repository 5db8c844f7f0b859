-- Time on a machine whose wall clock may be set to anything: base/timekeeper.h. A drop is held for time
-- that passed, so the times of the drops that are held now count from here.
CREATE TABLE _clock (
	row INTEGER PRIMARY KEY CHECK (row = 1),
	passed_ms INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	wall_ms INTEGER NOT NULL,
	looked_ms INTEGER NOT NULL
) STRICT;
INSERT INTO _clock SELECT 1, 0, 1000 * ifnull((SELECT min(max(finished_at, 0), 253402300799)
	FROM _polls ORDER BY poll_id DESC LIMIT 1), 0), 0, 0;
ALTER TABLE _listings RENAME COLUMN held_since_at TO held_from_s;
UPDATE _listings SET held_from_s = NULL;
ALTER TABLE _polls ADD COLUMN clock_jump INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _changes ADD COLUMN clock_jump INTEGER NOT NULL DEFAULT 0; -- polls go sooner than changes

DROP VIEW polls;
CREATE VIEW polls AS
SELECT
	poll_id, listing_id,
	started_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', started_at, 'unixepoch') AS started_at_utc,
	finished_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', finished_at, 'unixepoch') AS finished_at_utc,
	outcome, pages, requests, retries, throttled, bytes, duration_ms, items, duplicates,
	total_reported, added, changed, missing, removed, returned, held, warnings, error_class,
	http_status, code, provider_message, message, clock_jump
FROM _polls;

DROP VIEW changes;
CREATE VIEW changes AS
SELECT
	c.seq, c.at,
	strftime('%Y-%m-%dT%H:%M:%SZ', c.at, 'unixepoch') AS at_utc,
	c.kind, i.uid, i.image_id, c.name, l.account, l.service, nullif(l.region, '') AS region,
	ifnull(i.zone, nullif(l.zone, '')) AS zone, c.listing_id, c.poll_id, c.revision, c.fields,
	c.clock_jump
FROM _changes AS c
	LEFT JOIN _images AS i ON i.image = c.image
	JOIN _listings AS l ON l.listing_id = c.listing_id;
