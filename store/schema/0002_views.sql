-- The public face. `now` is read from the clock of whoever asks, so that staleness is right while
-- the daemon is down.

CREATE VIEW _listings_now AS
SELECT
	listing_id, account, provider, cloud, service, region, zone, project, variant, interval_s,
	disabled_at, last_attempt_at, last_complete_at, next_due_at, consecutive_failures,
	last_error, last_error_class, last_code, images_present, shares,
	CASE WHEN disabled_at IS NULL THEN health ELSE 'disabled' END AS health,
	disabled_at IS NULL AND ifnull(last_complete_at, 0) + 3 * interval_s
		< CAST(strftime('%s', 'now') AS INTEGER) AS stale
FROM _listings;

-- An image that several listings see is shown once: by the first listing that is not stale, then
-- by the lowest listing_id. No poll touches another listing's rows for that.
CREATE VIEW images AS
SELECT
	i.uid, l.provider, l.cloud, l.service, nullif(l.region, '') AS region, i.zone, i.zone_id,
	nullif(l.project, '') AS project, i.image_set, i.image_id, l.account,
	-- no json function: SQLite 3.40 refuses them in views to readers that trust no schema
	(SELECT '["' || group_concat(t.name, '","') || '"]' FROM (
		SELECT DISTINCT replace(replace(tl.account, '\', '\\'), '"', '\"') AS name FROM _images AS ti
		JOIN _listings AS tl ON tl.listing_id = ti.listing_id
		WHERE ti.uid = i.uid AND ti.presence < 2 AND tl.disabled_at IS NULL
		ORDER BY tl.account) AS t) AS accounts,
	(SELECT count(DISTINCT tl.account) FROM _images AS ti
		JOIN _listings AS tl ON tl.listing_id = ti.listing_id
		WHERE ti.uid = i.uid AND ti.presence < 2 AND tl.disabled_at IS NULL) AS account_count,
	i.name, i.description, i.readme, i.cover_url, i.link_url, i.group_id, i.version_name,
	i.version_description,
	i.kind, i.kind_native, i.origin, i.origin_native, i.is_official, i.visibility,
	i.visibility_native, i.form, i.workload,
	i.state, i.state_native, i.transition, i.launchable, i.failure_reason,
	i.os_type, i.os_distro, i.os_version, i.os_name, i.arch,
	i.gpu_supported, i.gpu_types, i.source_gpu_type, i.min_cpu_platform,
	i.recommended_type, i.features,
	i.framework, i.framework_version, i.cuda_version, i.applications,
	i.integrated_software, i.primary_software, i.scene_categories, i.auto_start,
	i.owner_id, i.owner_name, i.author, i.author_level, i.vendor,
	i.price, i.price_currency, i.is_paid, i.prices,
	i.size_bytes,
	i.created_count, i.favorites_count, i.use_time,
	i.created_at, i.published_at, i.state_changed_at, i.eol_on,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.created_at, 'unixepoch') AS created_at_utc,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.published_at, 'unixepoch') AS published_at_utc,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.state_changed_at, 'unixepoch') AS state_changed_at_utc,
	i.tags, i.data_snapshot_ids,
	i.inferred, i.warnings, i.unmapped,
	(SELECT r.raw FROM _raw AS r WHERE r.image = i.image) AS raw,
	i.redacted,
	CASE i.presence WHEN 0 THEN 'present' ELSE 'missing' END AS presence,
	i.first_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.first_seen_at, 'unixepoch') AS first_seen_at_utc,
	CASE i.presence WHEN 0
		THEN max(i.first_seen_at, i.changed_at, ifnull(i.last_seen_at, 0), ifnull(l.last_complete_at, 0))
		ELSE i.last_seen_at END AS last_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', CASE i.presence WHEN 0
		THEN max(i.first_seen_at, i.changed_at, ifnull(i.last_seen_at, 0), ifnull(l.last_complete_at, 0))
		ELSE i.last_seen_at END, 'unixepoch') AS last_seen_at_utc,
	i.changed_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.changed_at, 'unixepoch') AS changed_at_utc,
	i.missing_since_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.missing_since_at, 'unixepoch') AS missing_since_at_utc,
	i.revision,
	l.health AS listing_health,
	l.stale
FROM _images AS i JOIN _listings_now AS l ON l.listing_id = i.listing_id
WHERE i.presence < 2 AND l.disabled_at IS NULL AND NOT (l.shares AND EXISTS (
	SELECT 1 FROM _images AS o JOIN _listings_now AS ol ON ol.listing_id = o.listing_id
	WHERE o.uid = i.uid AND o.listing_id <> i.listing_id AND o.presence < 2
		AND ol.disabled_at IS NULL
		AND (ol.stale < l.stale OR (ol.stale = l.stale AND o.listing_id < i.listing_id))));

-- Every row. Those of a listing that is no longer configured count as removed while it is not.
CREATE VIEW sightings AS
SELECT
	i.uid, l.listing_id, l.provider, l.cloud, l.service, nullif(l.region, '') AS region, i.zone,
	i.zone_id, nullif(l.project, '') AS project, i.image_set, i.image_id, l.account,
	i.name, i.description, i.readme, i.cover_url, i.link_url, i.group_id, i.version_name,
	i.version_description,
	i.kind, i.kind_native, i.origin, i.origin_native, i.is_official, i.visibility,
	i.visibility_native, i.form, i.workload,
	i.state, i.state_native, i.transition, i.launchable, i.failure_reason,
	i.os_type, i.os_distro, i.os_version, i.os_name, i.arch,
	i.gpu_supported, i.gpu_types, i.source_gpu_type, i.min_cpu_platform,
	i.recommended_type, i.features,
	i.framework, i.framework_version, i.cuda_version, i.applications,
	i.integrated_software, i.primary_software, i.scene_categories, i.auto_start,
	i.owner_id, i.owner_name, i.author, i.author_level, i.vendor,
	i.price, i.price_currency, i.is_paid, i.prices,
	i.size_bytes,
	i.created_count, i.favorites_count, i.use_time,
	i.created_at, i.published_at, i.state_changed_at, i.eol_on,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.created_at, 'unixepoch') AS created_at_utc,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.published_at, 'unixepoch') AS published_at_utc,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.state_changed_at, 'unixepoch') AS state_changed_at_utc,
	i.tags, i.data_snapshot_ids,
	i.inferred, i.warnings, i.unmapped,
	(SELECT r.raw FROM _raw AS r WHERE r.image = i.image) AS raw,
	i.redacted,
	CASE WHEN i.presence = 2 OR l.disabled_at IS NOT NULL THEN 'removed'
		WHEN i.presence = 0 THEN 'present' ELSE 'missing' END AS presence,
	i.first_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.first_seen_at, 'unixepoch') AS first_seen_at_utc,
	CASE i.presence WHEN 0
		THEN max(i.first_seen_at, i.changed_at, ifnull(i.last_seen_at, 0), ifnull(l.last_complete_at, 0))
		ELSE i.last_seen_at END AS last_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', CASE i.presence WHEN 0
		THEN max(i.first_seen_at, i.changed_at, ifnull(i.last_seen_at, 0), ifnull(l.last_complete_at, 0))
		ELSE i.last_seen_at END, 'unixepoch') AS last_seen_at_utc,
	i.changed_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.changed_at, 'unixepoch') AS changed_at_utc,
	i.missing_since_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.missing_since_at, 'unixepoch') AS missing_since_at_utc,
	i.revision,
	l.health AS listing_health,
	l.stale,
	CASE WHEN i.presence = 2 THEN i.removed_at ELSE l.disabled_at END AS removed_at,
	strftime('%Y-%m-%dT%H:%M:%SZ',
		CASE WHEN i.presence = 2 THEN i.removed_at ELSE l.disabled_at END, 'unixepoch')
		AS removed_at_utc,
	CASE WHEN i.presence = 2 THEN i.removed_reason
		WHEN l.disabled_at IS NOT NULL THEN 'account-removed' END AS removed_reason
FROM _images AS i JOIN _listings_now AS l ON l.listing_id = i.listing_id;

CREATE VIEW listings AS
SELECT
	listing_id, account, provider, cloud, service, nullif(region, '') AS region,
	nullif(zone, '') AS zone, nullif(project, '') AS project, nullif(variant, '') AS variant,
	interval_s, health,
	last_attempt_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', last_attempt_at, 'unixepoch') AS last_attempt_at_utc,
	last_complete_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', last_complete_at, 'unixepoch') AS last_complete_at_utc,
	next_due_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', next_due_at, 'unixepoch') AS next_due_at_utc,
	consecutive_failures, last_error, last_error_class, last_code, images_present, stale
FROM _listings_now;

CREATE VIEW polls AS
SELECT
	poll_id, listing_id,
	started_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', started_at, 'unixepoch') AS started_at_utc,
	finished_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', finished_at, 'unixepoch') AS finished_at_utc,
	outcome, pages, requests, retries, throttled, bytes, duration_ms, items, duplicates,
	total_reported, added, changed, missing, removed, returned, held, warnings, error_class,
	http_status, code, provider_message, message
FROM _polls;

CREATE VIEW changes AS
SELECT
	c.seq, c.at,
	strftime('%Y-%m-%dT%H:%M:%SZ', c.at, 'unixepoch') AS at_utc,
	c.kind, i.uid, i.image_id, c.name, l.account, l.service, nullif(l.region, '') AS region,
	ifnull(i.zone, nullif(l.zone, '')) AS zone, c.listing_id, c.poll_id, c.revision, c.fields
FROM _changes AS c
	LEFT JOIN _images AS i ON i.image = c.image
	JOIN _listings AS l ON l.listing_id = c.listing_id;

CREATE VIEW revisions AS
SELECT
	i.uid, i.listing_id, r.revision,
	r.valid_from_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', r.valid_from_at, 'unixepoch') AS valid_from_at_utc,
	r.valid_to_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', r.valid_to_at, 'unixepoch') AS valid_to_at_utc,
	r.record
FROM _revisions AS r JOIN _images AS i ON i.image = r.image;

CREATE VIEW drift AS
SELECT
	provider, service, path, nullif(json_type, '') AS json_type, nullif(native, '') AS native,
	first_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', first_seen_at, 'unixepoch') AS first_seen_at_utc,
	last_seen_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', last_seen_at, 'unixepoch') AS last_seen_at_utc
FROM _drift;

CREATE VIEW image_counts AS
SELECT time, provider, region, kind, state, images FROM _image_counts;

CREATE VIEW column_docs AS
SELECT view, column, type, unit, description, source FROM _column_docs;

CREATE VIEW catalog_info AS
SELECT key, value FROM _meta WHERE key IN ('schema_version', 'created_at', 'daemon_version')
UNION ALL
SELECT 'last_seq', ifnull((SELECT seq FROM sqlite_sequence WHERE name = '_changes'), 0);
