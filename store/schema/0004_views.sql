-- The views that answer the questions people ask most, and the older ones made fast.
--
-- For any reader, also one that trusts no schema: no JSON function and nothing of our own.

DROP VIEW images;
DROP VIEW sightings;
DROP VIEW _listings_now;

-- `now` is read once per query, not once per image.
CREATE VIEW _listings_now AS
SELECT
	listing_id, account, provider, cloud, service, region, zone, project, variant, interval_s,
	disabled_at, last_attempt_at, last_complete_at, next_due_at, consecutive_failures,
	last_error, last_error_class, last_code, images_present, shares,
	CASE WHEN disabled_at IS NULL THEN health ELSE 'disabled' END AS health,
	disabled_at IS NULL AND ifnull(last_complete_at, 0) + 3 * interval_s
		< (SELECT CAST(strftime('%s', 'now') AS INTEGER)) AS stale
FROM _listings;

-- Of the listings of one place, which alone can have the same uid, the one that comes first. What is
-- present in it needs no search for twins.
CREATE VIEW _leaders AS
SELECT listing_id FROM (
	SELECT listing_id, row_number() OVER (PARTITION BY provider, cloud, service, region
		ORDER BY stale, listing_id) AS rank
	FROM _listings_now WHERE disabled_at IS NULL)
WHERE rank = 1;

-- Every row, with what its listing says about it; `images` and `sightings` are two windows on it. Those
-- of a listing that is no longer configured count as removed while it is not.
CREATE VIEW _sightings AS
SELECT
	i.image, i.presence AS presence_code, l.disabled_at, l.shares,
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

-- The rows that show an image: of several listings that still list it, the first by: not stale, present
-- rather than missing, lowest listing_id. No poll touches another listing's rows for that.
CREATE VIEW _shown AS
SELECT * FROM _sightings AS s
WHERE presence_code < 2 AND disabled_at IS NULL AND (NOT shares
	OR presence_code = 0 AND listing_id IN (SELECT listing_id FROM _leaders)
	OR NOT EXISTS (
		SELECT 1 FROM _images AS o JOIN _listings_now AS ol ON ol.listing_id = o.listing_id
		WHERE o.uid = s.uid AND o.listing_id <> s.listing_id AND o.presence < 2
			AND ol.disabled_at IS NULL
			AND (ol.stale, o.presence, o.listing_id) < (s.stale, s.presence_code, s.listing_id)));

CREATE VIEW images AS
SELECT
	uid, provider, cloud, service, region, zone, zone_id, project, image_set, image_id, account,
	CASE WHEN NOT shares
		THEN '["' || replace(replace(account, '\', '\\'), '"', '\"') || '"]'
		ELSE (SELECT '["' || group_concat(t.name, '","') || '"]' FROM (
			SELECT DISTINCT replace(replace(tl.account, '\', '\\'), '"', '\"') AS name
			FROM _images AS ti JOIN _listings AS tl ON tl.listing_id = ti.listing_id
			WHERE ti.uid = s.uid AND ti.presence < 2 AND tl.disabled_at IS NULL
			ORDER BY tl.account) AS t) END AS accounts,
	CASE WHEN NOT shares THEN 1
		ELSE (SELECT count(DISTINCT tl.account)
			FROM _images AS ti JOIN _listings AS tl ON tl.listing_id = ti.listing_id
			WHERE ti.uid = s.uid AND ti.presence < 2 AND tl.disabled_at IS NULL)
		END AS account_count,
	name, description, readme, cover_url, link_url, group_id, version_name, version_description,
	kind, kind_native, origin, origin_native, is_official, visibility, visibility_native, form,
	workload, state, state_native, transition, launchable, failure_reason,
	os_type, os_distro, os_version, os_name, arch,
	gpu_supported, gpu_types, source_gpu_type, min_cpu_platform, recommended_type, features,
	framework, framework_version, cuda_version, applications, integrated_software,
	primary_software, scene_categories, auto_start,
	owner_id, owner_name, author, author_level, vendor,
	price, price_currency, is_paid, prices, size_bytes,
	created_count, favorites_count, use_time,
	created_at, published_at, state_changed_at, eol_on,
	created_at_utc, published_at_utc, state_changed_at_utc,
	tags, data_snapshot_ids, inferred, warnings, unmapped, raw, redacted,
	presence, first_seen_at, first_seen_at_utc, last_seen_at, last_seen_at_utc,
	changed_at, changed_at_utc, missing_since_at, missing_since_at_utc, revision,
	listing_health, stale
FROM _shown AS s;

CREATE VIEW sightings AS
SELECT
	uid, listing_id, provider, cloud, service, region, zone, zone_id, project, image_set, image_id,
	account,
	name, description, readme, cover_url, link_url, group_id, version_name, version_description,
	kind, kind_native, origin, origin_native, is_official, visibility, visibility_native, form,
	workload, state, state_native, transition, launchable, failure_reason,
	os_type, os_distro, os_version, os_name, arch,
	gpu_supported, gpu_types, source_gpu_type, min_cpu_platform, recommended_type, features,
	framework, framework_version, cuda_version, applications, integrated_software,
	primary_software, scene_categories, auto_start,
	owner_id, owner_name, author, author_level, vendor,
	price, price_currency, is_paid, prices, size_bytes,
	created_count, favorites_count, use_time,
	created_at, published_at, state_changed_at, eol_on,
	created_at_utc, published_at_utc, state_changed_at_utc,
	tags, data_snapshot_ids, inferred, warnings, unmapped, raw, redacted,
	presence, first_seen_at, first_seen_at_utc, last_seen_at, last_seen_at_utc,
	changed_at, changed_at_utc, missing_since_at, missing_since_at_utc, revision,
	listing_health, stale, removed_at, removed_at_utc, removed_reason
FROM _sightings;

-- The newest image of each sort. NULL members are members: images whose system is not known are a sort of
-- their own. The maximum is that of a text, which is as long for each time there is (2000 to 2100) and
-- '0' for none; the uid is that of the same row, as SQLite promises for a lone max().
CREATE VIEW latest_images AS
SELECT
	i.uid, g.provider, g.cloud, g.service, g.region, g.zone, i.zone_id, i.project, i.image_set,
	i.image_id, i.account, i.accounts, i.account_count,
	i.name, i.description, i.readme, i.cover_url, i.link_url, i.group_id, i.version_name,
	i.version_description,
	g.kind, i.kind_native, i.origin, i.origin_native, i.is_official, i.visibility,
	i.visibility_native, g.form, g.workload,
	i.state, i.state_native, i.transition, i.launchable, i.failure_reason,
	i.os_type, g.os_distro, g.os_version, i.os_name, g.arch,
	g.gpu_supported, i.gpu_types, i.source_gpu_type, i.min_cpu_platform, i.recommended_type,
	i.features,
	i.framework, i.framework_version, i.cuda_version, i.applications, i.integrated_software,
	i.primary_software, i.scene_categories, i.auto_start,
	i.owner_id, i.owner_name, i.author, i.author_level, i.vendor,
	i.price, i.price_currency, i.is_paid, i.prices, i.size_bytes,
	i.created_count, i.favorites_count, i.use_time,
	i.created_at, i.published_at, i.state_changed_at, i.eol_on,
	i.created_at_utc, i.published_at_utc, i.state_changed_at_utc,
	i.tags, i.data_snapshot_ids, i.inferred, i.warnings, i.unmapped, i.raw, i.redacted,
	i.presence, i.first_seen_at, i.first_seen_at_utc, i.last_seen_at, i.last_seen_at_utc,
	i.changed_at, i.changed_at_utc, i.missing_since_at, i.missing_since_at_utc, i.revision,
	i.listing_health, i.stale,
	CASE
		WHEN g.candidates = 1 THEN 'the only launchable image of its sort'
		WHEN i.created_at IS NULL THEN 'highest image_id of ' || g.candidates
			|| ' launchable images, none of which says when it was created'
		ELSE 'newest of ' || g.candidates || ' launchable images, then highest image_id; created '
			|| date(i.created_at, 'unixepoch')
	END
	|| CASE WHEN g.os_distro IS NULL AND g.candidates > 1
		THEN '; their system is not known: they may have nothing in common' ELSE '' END
	|| CASE WHEN i.stale THEN '; its listing is stale' ELSE '' END AS rank_reason
FROM (
	SELECT
		uid, provider, cloud, service, region, zone, os_distro, os_version, arch, form, kind,
		workload, gpu_supported, count(*) AS candidates,
		max(ifnull(created_at + 10000000000, 0) || image_id) AS newest
	FROM _shown
	WHERE launchable = 1 AND presence_code = 0 AND origin IN ('platform', 'self')
		AND kind IS NOT 'community'
	GROUP BY provider, cloud, service, region, zone, os_distro, os_version, arch, form, kind,
		workload, gpu_supported
) AS g JOIN images AS i ON i.uid = g.uid;

-- The same image over regions and zones, where each has an id of its own. JSON lists without a JSON
-- function: char(31), which no text has, stands in for the commas of a value while group_concat(DISTINCT)
-- parts the values with commas.
CREATE VIEW families AS
SELECT
	provider, cloud, service, name,
	'["' || replace(replace(group_concat(DISTINCT id), ',', '","'), char(31), ',') || '"]' AS image_ids,
	'["' || replace(replace(group_concat(DISTINCT place), ',', '","'), char(31), ',') || '"]' AS places,
	count(*) AS images,
	sum(launchable IS 1) AS launchable_images,
	max(created_at) AS newest_created_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(created_at), 'unixepoch') AS newest_created_at_utc,
	CASE WHEN count(DISTINCT os_distro) = 1 AND count(os_distro) = count(*)
		THEN max(os_distro) END AS os_distro,
	CASE WHEN count(DISTINCT os_version) = 1 AND count(os_version) = count(*)
		THEN max(os_version) END AS os_version,
	CASE WHEN count(DISTINCT arch) = 1 AND count(arch) = count(*) THEN max(arch) END AS arch
FROM (
	SELECT
		provider, cloud, service, name, launchable, created_at, os_distro, os_version, arch,
		replace(replace(replace(image_id, '\', '\\'), '"', '\"'), ',', char(31)) AS id,
		replace(replace(replace(ifnull(region, '-') || ifnull('/' || zone, ''), '\', '\\'),
			'"', '\"'), ',', char(31)) AS place
	FROM _shown WHERE name IS NOT NULL
	ORDER BY provider, cloud, service, name, region, zone, image_id)
GROUP BY provider, cloud, service, name;

-- Each system that a provider offers anywhere, against each place of that provider. A place is a zone that
-- lists an image, or a region none of whose images names a zone; an image of no zone is in
-- all zones of its region.
CREATE VIEW coverage AS
WITH counts AS MATERIALIZED (
	SELECT provider, region, zone, os_distro, os_version, arch, form,
		os_distro IS NOT NULL AND launchable IS 1 AND origin IS 'platform' AS counted,
		count(*) AS images, sum(kind IS 'system') AS system_images, max(created_at) AS newest
	FROM _shown WHERE presence_code = 0
	GROUP BY provider, region, zone, os_distro, os_version, arch, form, counted),
places AS MATERIALIZED (
	SELECT DISTINCT provider, region, zone FROM counts AS c
	WHERE zone IS NOT NULL OR NOT EXISTS (SELECT 1 FROM counts AS z
		WHERE z.provider = c.provider AND z.region IS c.region AND z.zone IS NOT NULL))
SELECT provider, os_distro, os_version, arch, form, region, zone, sum(images) AS images,
	sum(system_images) AS system_images, max(newest) AS newest_created_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(newest), 'unixepoch') AS newest_created_at_utc
FROM (
	SELECT s.provider, s.os_distro, s.os_version, s.arch, s.form, p.region, p.zone, 0 AS images,
		0 AS system_images, NULL AS newest
	FROM (SELECT DISTINCT provider, os_distro, os_version, arch, form FROM counts WHERE counted)
		AS s JOIN places AS p ON p.provider = s.provider
	UNION ALL
	SELECT c.provider, c.os_distro, c.os_version, c.arch, c.form, p.region, p.zone, c.images,
		c.system_images, c.newest
	FROM counts AS c JOIN places AS p ON p.provider = c.provider AND p.region IS c.region
		AND (c.zone IS NULL OR c.zone = p.zone)
	WHERE c.counted)
GROUP BY provider, os_distro, os_version, arch, form, region, zone;
