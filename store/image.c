/*
 * One image of one poll meets its row.
 *
 * No row: it is added. The same hash over every column: nothing is written. Else the stored record
 * is read and compared column by column. A column that counts differs: the old record becomes a
 * revision, the row is rewritten, the feed tells the fields. Only volatile columns or those about
 * the reading differ: the row is rewritten, and that is all. Only the mapping differs (the raw item
 * is the same): as a change, but the feed gets one `remapped` for the whole listing.
 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "store/internal.h"

struct found {
	int64_t image, revision, mapping_version, changed_at;
	uint64_t record_hash;
	enum presence presence;
};

/* 1 found, 0 not, or a negative errno. */
static int find(struct work *work, const char *uid, struct found *ret, struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_FIND);

	bind_text(s, PARAM_uid, uid);
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	int result = statement_step(s, err);
	if (result <= 0)
		return result;
	ret->image = row_int(s, 0, 0);
	ret->presence = (enum presence)row_int(s, 1, PRESENCE_PRESENT);
	ret->revision = row_int(s, 2, 0);
	ret->record_hash = (uint64_t)row_int(s, 3, 0);
	ret->mapping_version = row_int(s, 4, 0);
	ret->changed_at = row_int(s, 5, 0);
	statement_reset(s);
	return 1;
}

/* ---- writing a row -------------------------------------------------------------------------- */

/* The raw text says all that the fingerprint was made of: after a start the item is known by it. */
static bool is_exact(const struct work *work, const struct spooled *item)
{
	const char *raw = item->record.raw;

	return raw && item->content &&
	       hash_bytes(raw, strlen(raw), work->commit->seed) == item->content;
}

static int put_raw(struct store *store, int64_t image, const char *raw, struct error *err)
{
	struct statement *s = raw ? STMT(store, RAW_PUT) : STMT(store, RAW_DROP);

	bind_int(s, PARAM_image, image);
	if (raw)
		bind_text(s, PARAM_raw, raw);
	return statement_run(s, err);
}

static void bind_reading(struct statement *s, const struct work *work, const struct spooled *item,
			 const struct record *record, uint64_t hash)
{
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_int(s, PARAM_record_hash, (int64_t)hash);
	bind_int(s, PARAM_mapping_version, (int64_t)MAPPING_VERSION);
	bind_int(s, PARAM_raw_exact, is_exact(work, item));
	bind_record(s, record);
}

static int add(struct work *work, const char *uid, const struct spooled *item, uint64_t hash,
	       int64_t *ret_image, struct error *err)
{
	struct store *store = work->store;
	struct statement *s = STMT(store, IMAGE_INSERT);

	bind_text(s, PARAM_uid, uid);
	bind_int(s, PARAM_at, work->at);
	bind_reading(s, work, item, &item->record, hash);
	int result = statement_run(s, err);
	if (result < 0)
		return result;
	*ret_image = sqlite3_last_insert_rowid(store->db);
	if (item->record.raw)
		result = put_raw(store, *ret_image, item->record.raw, err);
	work->added++;
	work->images_present++;
	if (result == 0 && work->told) {
		struct change change = { "added", *ret_image, 1, item->record.name, NULL };
		result = feed_add(store, work->commit->listing_id, work->poll_id, work->at, &change,
				  err);
	}
	return result;
}

static int rewrite(struct work *work, const struct found *row, const struct spooled *item,
		   const struct record *record, uint64_t hash, struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_UPDATE);

	bind_int(s, PARAM_image, row->image);
	bind_int(s, PARAM_revision, row->revision);
	bind_int(s, PARAM_changed_at, row->changed_at);
	bind_reading(s, work, item, record, hash);
	return statement_run_one(s, err);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static int keep_revision(struct work *work, const struct found *row, const struct record *old,
			 struct error *err)
{
	struct statement *s = STMT(work->store, REVISION_ADD);

	buf_clear(&work->json);
	feed_put_record(&work->json, old);
	if (work->json.failed)
		return error_set(err, -ENOMEM, "catalog: out of memory");
	bind_int(s, PARAM_image, row->image);
	bind_int(s, PARAM_revision, row->revision);
	bind_int(s, PARAM_changed_at, row->changed_at);
	bind_int(s, PARAM_at, work->at);
	bind_text(s, PARAM_record, buf_text(&work->json));
	return statement_run(s, err);
}

/* A column that counts differs: the row moves to its next revision. */
static int supersede(struct work *work, struct found *row, const struct record *old,
		     const struct record *new, bool remapped, struct error *err)
{
	int result = keep_revision(work, row, old, err);

	if (result < 0)
		return result;
	row->revision++;
	if (remapped)
		return 0;
	row->changed_at = work->at;
	work->changed++;
	if (!work->told)
		return 0;
	struct change change = { "changed", row->image, row->revision, new->name,
				 buf_text(&work->fields) };
	return feed_add(work->store, work->commit->listing_id, work->poll_id, work->at, &change,
			err);
}

/* What was not asked for this time is still true. False when memory for the hash is out. */
static bool keep_sticky(const struct record *stored, struct record *record, uint64_t *hash)
{
	bool kept = false;

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (!(columns[c].flags & COLUMN_STICKY) || !record_is_absent(record, c) ||
		    record_is_absent(stored, c))
			continue;
		assert(column_storage(columns[c].type) == STORED_AS_TEXT);
		record_set_text(record, c, record_text(stored, c));
		kept = true;
	}
	if (kept)
		*hash = record_hash_all(record, MAPPING_VERSION);
	return *hash != 0;
}

/* `stored` borrows from IMAGE_READ, which is still on its row. */
static int compare(struct work *work, struct found *row, const struct spooled *item,
		   const struct record *stored, uint64_t hash, struct error *err)
{
	struct record record = item->record;
	bool remapped = row->mapping_version != (int64_t)MAPPING_VERSION &&
			record_same(stored, &record, COLUMN_raw);
	int result = 0;

	buf_clear(&work->fields);
	if (!keep_sticky(stored, &record, &hash))
		return error_set(err, -ENOMEM, "catalog: out of memory");
	if (hash == row->record_hash)
		return 0;
	feed_put_fields(&work->fields, stored, &record);
	if (work->fields.failed)
		return error_set(err, -ENOMEM, "catalog: out of memory");
	if (work->fields.len)
		result = supersede(work, row, stored, &record, remapped, err);
	if (result == 0 && remapped) {
		if (!work->remapped || row->mapping_version < work->mapping_from)
			work->mapping_from = row->mapping_version;
		work->remapped++;
	}
	if (result == 0)
		result = rewrite(work, row, item, &record, hash, err);
	if (result == 0 && !record_same(stored, &record, COLUMN_raw))
		result = put_raw(work->store, row->image, record.raw, err);
	return result;
}

static int refresh(struct work *work, struct found *row, const struct spooled *item, uint64_t hash,
		   struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_READ);
	struct record stored;

	if (row->presence != PRESENCE_PRESENT) {
		int result = presence_returned(work, row->image, err);
		if (result < 0)
			return result;
	}
	if (hash == row->record_hash)
		return 0;
	bind_int(s, PARAM_image, row->image);
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	int result = statement_step(s, err);
	if (result == 0)
		return error_set(err, -EINVAL, "catalog: a row vanished while it was written");
	if (result < 0)
		return result;
	if (!row_record(s, 0, &stored))
		result = error_set(err, -ENOMEM, "catalog: out of memory");
	else
		result = compare(work, row, item, &stored, hash, err);
	statement_reset(s);
	return result;
}

int image_store(struct work *work, const struct spooled *item, struct known_entry *ret,
		struct error *err)
{
	struct found row = { 0 };
	uint64_t hash = record_hash_all(&item->record, MAPPING_VERSION);

	work->uid.len = work->uid_prefix;
	uid_put_image(&work->uid, &item->record);
	if (work->uid.failed || !hash)
		return error_set(err, -ENOMEM, "catalog: out of memory");
	if (!item->record.image_id)
		return error_set(err, -EINVAL, "catalog: an image without an id cannot be stored");

	int result = find(work, buf_text(&work->uid), &row, err);
	if (result == 0)
		result = add(work, buf_text(&work->uid), item, hash, &row.image, err);
	else if (result > 0)
		result = refresh(work, &row, item, hash, err);
	if (result < 0)
		return result;
	*ret = (struct known_entry){ .key = item->key,
				     .content = item->content,
				     .row = row.image,
				     .presence = PRESENCE_PRESENT,
				     .final = presence_is_final(item->record.state) };
	return 0;
}
