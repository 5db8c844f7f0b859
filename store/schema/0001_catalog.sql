-- The first catalog. Tables are private (their names start with '_'); views are what people query
-- and keep their columns. STRICT, and nothing but built-in functions, so that any
-- reader can open it.

CREATE TABLE _meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT;

-- One row per listing ever configured; never deleted. An absent part of the identity is ''.
CREATE TABLE _listings (
	listing_id INTEGER PRIMARY KEY,
	account TEXT NOT NULL,
	provider TEXT NOT NULL,
	cloud TEXT NOT NULL,
	service TEXT NOT NULL,
	region TEXT NOT NULL,
	zone TEXT NOT NULL,
	project TEXT NOT NULL,
	variant TEXT NOT NULL,
	interval_s INTEGER NOT NULL,
	disabled_at INTEGER,                     -- NULL while configured
	health TEXT NOT NULL DEFAULT 'new',      -- of the last outcome; 'disabled' is derived
	first_baseline_at INTEGER,               -- the first complete poll
	last_attempt_at INTEGER,
	last_complete_at INTEGER,
	next_due_at INTEGER,
	consecutive_failures INTEGER NOT NULL DEFAULT 0,
	last_error TEXT,
	last_error_class TEXT,
	last_code INTEGER,
	images_present INTEGER NOT NULL DEFAULT 0,
	holding INTEGER NOT NULL DEFAULT 0,      -- 1 inside an episode of suspect polls
	shares INTEGER NOT NULL DEFAULT 0,       -- 1 when another listing may see the same uids
	UNIQUE (account, provider, cloud, service, region, zone, project, variant)
) STRICT;
CREATE INDEX _listings_by_place ON _listings (provider, cloud, service, region);

-- One row per listing and image; never deleted, so that an image keeps its row for ever. What is
-- constant in a listing is in _listings. The long texts come last and raw is beside, so that
-- a scan does not read them.
CREATE TABLE _images (
	image INTEGER PRIMARY KEY,
	listing_id INTEGER NOT NULL REFERENCES _listings (listing_id),
	presence INTEGER NOT NULL CHECK (presence IN (0, 1, 2)), -- present, missing, removed
	absent_polls INTEGER NOT NULL,           -- complete polls in a row that did not have it
	uid TEXT NOT NULL,
	first_seen_at INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,
	last_seen_at INTEGER,                    -- of a present image only a lower bound, or NULL
	missing_since_at INTEGER,
	removed_at INTEGER,
	removed_reason TEXT,
	revision INTEGER NOT NULL,
	record_hash INTEGER NOT NULL,            -- of every column, with the mapping's version
	mapping_version INTEGER NOT NULL,
	raw_exact INTEGER NOT NULL,              -- 1 when raw is byte for byte what was received
	zone TEXT,
	zone_id INTEGER,
	image_set TEXT,
	image_id TEXT,
	name TEXT,
	cover_url TEXT,
	link_url TEXT,
	group_id TEXT,
	version_name TEXT,
	kind TEXT,
	kind_native TEXT,
	origin TEXT,
	origin_native TEXT,
	is_official INTEGER,
	visibility TEXT,
	visibility_native TEXT,
	form TEXT,
	workload TEXT,
	state TEXT,
	state_native TEXT,
	transition TEXT,
	launchable INTEGER,
	os_type TEXT,
	os_distro TEXT,
	os_version TEXT,
	os_name TEXT,
	arch TEXT,
	gpu_supported INTEGER,
	gpu_types TEXT,
	source_gpu_type TEXT,
	min_cpu_platform TEXT,
	recommended_type TEXT,
	features TEXT,
	framework TEXT,
	framework_version TEXT,
	cuda_version TEXT,
	applications TEXT,
	integrated_software TEXT,
	primary_software TEXT,
	scene_categories TEXT,
	auto_start INTEGER,
	owner_id TEXT,
	owner_name TEXT,
	author TEXT,
	author_level INTEGER,
	vendor TEXT,
	price REAL,
	price_currency TEXT,
	is_paid INTEGER,
	size_bytes INTEGER,
	created_count INTEGER,
	favorites_count INTEGER,
	use_time INTEGER,
	created_at INTEGER,
	published_at INTEGER,
	state_changed_at INTEGER,
	eol_on TEXT,
	data_snapshot_ids TEXT,
	version_description TEXT,
	failure_reason TEXT,
	prices TEXT,
	tags TEXT,
	inferred TEXT,
	warnings TEXT,
	unmapped TEXT,
	redacted TEXT,
	description TEXT,
	readme TEXT,
	UNIQUE (uid, listing_id)
) STRICT;
CREATE INDEX _images_by_listing ON _images (listing_id);
CREATE INDEX _images_by_image_id ON _images (image_id);

CREATE TABLE _raw (
	image INTEGER PRIMARY KEY,
	raw TEXT NOT NULL
) STRICT;

CREATE TABLE _revisions (
	image INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	valid_from_at INTEGER NOT NULL,
	valid_to_at INTEGER NOT NULL,
	record TEXT NOT NULL,
	UNIQUE (image, revision)
) STRICT;

-- AUTOINCREMENT: a seq is never given twice, also when the feed was pruned to nothing.
CREATE TABLE _changes (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	listing_id INTEGER NOT NULL,
	poll_id INTEGER,
	image INTEGER,                           -- NULL when the listing itself is meant
	revision INTEGER,                        -- that the image has after the change
	name TEXT,
	fields TEXT
) STRICT;
CREATE INDEX _changes_by_image ON _changes (image) WHERE image IS NOT NULL;
CREATE TRIGGER _changes_are_final BEFORE UPDATE ON _changes
BEGIN
	SELECT raise(ABORT, 'the change feed is append-only');
END;

CREATE TABLE _polls (
	poll_id INTEGER PRIMARY KEY,
	listing_id INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	pages INTEGER, requests INTEGER, retries INTEGER, throttled INTEGER, bytes INTEGER,
	duration_ms INTEGER, items INTEGER, duplicates INTEGER, total_reported INTEGER,
	added INTEGER, changed INTEGER, missing INTEGER, removed INTEGER, returned INTEGER,
	held INTEGER, warnings INTEGER,
	error_class TEXT,
	http_status INTEGER,
	code INTEGER,
	provider_message TEXT,
	message TEXT
) STRICT;

-- The last complete answer of each discovery listing.
CREATE TABLE _places (
	listing_id INTEGER NOT NULL,
	project TEXT NOT NULL,
	region TEXT NOT NULL,
	zone TEXT NOT NULL
) STRICT;
CREATE INDEX _places_by_listing ON _places (listing_id);

-- json_type is '' for a word, native is '' for a field.
CREATE TABLE _drift (
	provider TEXT NOT NULL,
	service TEXT NOT NULL,
	path TEXT NOT NULL,
	json_type TEXT NOT NULL,
	native TEXT NOT NULL,
	first_seen_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	UNIQUE (provider, service, path, json_type, native)
) STRICT;

CREATE TABLE _image_counts (
	time INTEGER NOT NULL,
	provider TEXT NOT NULL,
	region TEXT,
	kind TEXT,
	state TEXT,
	images INTEGER NOT NULL
) STRICT;

CREATE TABLE _column_docs (
	view TEXT NOT NULL,
	column TEXT NOT NULL,
	type TEXT NOT NULL,
	unit TEXT,
	description TEXT NOT NULL,
	source TEXT NOT NULL,
	PRIMARY KEY (view, column)
) STRICT;
