/*
 * What the catalog was, and whether it is another one now.
 */
#include <stdlib.h>
#include <string.h>

#include "model/record.h"
#include "store/reading.h"

/* ---- an image at a time ------------------------------------------------------------------------
 */

/* What happened last to the row of an image, and to its listing, up to ?2. */
#define MOMENTS                                                                                    \
	"WITH s AS MATERIALIZED (SELECT * FROM sightings WHERE uid = ?1 OR image_id = ?1),"        \
	"last AS (SELECT uid, listing_id, max(seq) AS seq FROM changes"                            \
	" WHERE at <= ?2 AND uid IN (SELECT uid FROM s)"                                           \
	" AND kind IN ('added', 'missing', 'removed', 'returned') GROUP BY uid, listing_id),"      \
	"turned AS (SELECT listing_id, max(seq) AS seq FROM changes WHERE at <= ?2"                \
	" AND uid IS NULL AND kind IN ('disabled', 'enabled') GROUP BY listing_id),"               \
	"begun AS (SELECT s.uid, s.listing_id, ifnull(max(r.valid_to_at),"                         \
	" CASE s.revision WHEN 1 THEN s.first_seen_at ELSE s.changed_at END) AS at"                \
	" FROM s LEFT JOIN revisions AS r ON r.uid = s.uid AND r.listing_id = s.listing_id"        \
	" GROUP BY s.uid, s.listing_id)"

/* The revision that held then; the row itself where none did and it had begun. */
#define SOURCES                                                                                    \
	" FROM s JOIN begun AS b ON b.uid = s.uid AND b.listing_id = s.listing_id"                 \
	" LEFT JOIN revisions AS r ON r.uid = s.uid AND r.listing_id = s.listing_id"               \
	" AND r.valid_from_at <= ?2 AND r.valid_to_at > ?2"                                        \
	" LEFT JOIN last AS l ON l.uid = s.uid AND l.listing_id = s.listing_id"                    \
	" LEFT JOIN changes AS c ON c.seq = l.seq"                                                 \
	" LEFT JOIN turned AS t ON t.listing_id = s.listing_id"                                    \
	" LEFT JOIN changes AS d ON d.seq = t.seq"                                                 \
	") ORDER BY presence = 'unseen', presence = 'removed', created_at DESC NULLS LAST, uid,"   \
	" listing_id"

#define PRESENCE                                                                                   \
	", CASE WHEN s.first_seen_at > ?2 THEN 'unseen' WHEN d.kind = 'disabled' THEN 'removed'"   \
	" WHEN c.kind IN ('missing', 'removed') THEN c.kind ELSE 'present' END AS presence,"       \
	" CASE WHEN s.first_seen_at > ?2 THEN NULL WHEN d.kind = 'disabled' THEN d.at"             \
	" ELSE ifnull(c.at, s.first_seen_at) END AS presence_since_at,"                            \
	" s.first_seen_at,"                                                                        \
	" CASE WHEN s.first_seen_at > ?2 THEN NULL WHEN b.at <= ?2 THEN s.revision"                \
	" ELSE r.revision END AS revision,"                                                        \
	" CASE WHEN b.at <= ?2 THEN b.at ELSE r.valid_from_at END AS valid_from_at,"               \
	" CASE WHEN b.at <= ?2 THEN NULL ELSE r.valid_to_at END AS valid_to_at"

/* Identity never differs; the item as received is kept of the present only. */
static void put_member(struct query *query, enum column column)
{
	const char *name = columns[column].name;

	if (column == COLUMN_raw)
		return;
	if (columns[column].flags & COLUMN_IDENTITY)
		buf_printf(&query->sql, ", s.%s", name);
	else
		buf_printf(&query->sql,
			   ", CASE WHEN b.at <= ?2 THEN s.%s ELSE r.record ->> '$.%s' END AS %s",
			   name, name, name);
}

int reader_each_at(struct reader *reader, const char *id, int64_t at, reader_row_fn *each,
		   void *data, struct error *err)
{
	struct query q = { 0 };

	buf_init(&q.sql);
	buf_puts(&q.sql, MOMENTS
		 " SELECT * FROM (SELECT s.uid, s.listing_id, s.provider, s.cloud, s.service,"
		 " s.region, s.project, s.account");
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		put_member(&q, c);
	buf_puts(&q.sql, PRESENCE SOURCES);
	query_bind(&q, (struct bound){ .text = id });
	query_bind(&q, (struct bound){ .number = at });
	return query_run(reader, &q, each, data, err);
}

/* ---- news --------------------------------------------------------------------------------------
 */

int reader_version(struct reader *reader, int64_t *ret, struct error *err)
{
	return db_int(reader->db, "PRAGMA data_version", 0, ret, err);
}
