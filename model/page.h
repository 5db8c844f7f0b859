/*
 * One answer of a listing, read: the envelope's facts and its items, each judged alone.
 *
 * Pure: no clock, no I/O; memory comes from the page's own arena. page_read() runs on a worker
 * thread; what it is given is constant while it runs. One page is read by one thread, then handed
 * over.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "imagecat/provider.h"
#include "imagecat/record.h"
#include "model/known.h"

/* Increased whenever a change of tables or rules may map the same answer to another record. */
#define MAPPING_VERSION UINT64_C(1)

/* What was asked: the constants of all pages of one poll. Borrowed until the page was read. */
struct page_scope {
	const struct provider *provider;
	const struct service *service;
	const char *region, *zone; /* NULL where not asked for */
	uint64_t seed;             /* of all fingerprints of this process */
	const struct known *known; /* items found there are not parsed; NULL parses all */
};

struct page_item {
	uint64_t key;     /* fingerprint of (zone, zone_id, image_id); 0 when no id could be read */
	uint64_t content; /* hash_bytes() of its bytes as received; in a group also of the group's
			     own */
	const struct known_entry *known; /* the entry with the same content, else NULL */
	struct record *record;           /* NULL when known, quarantined, skipped or out of scope */
	unsigned source;                 /* index into service->items */
	size_t unit;                     /* which element of the answer's lists holds it */
	bool out_of_scope;               /* names another region or zone than was asked for */
};

/* A field or an enumeration word that no table names. */
struct page_drift {
	const char *path;
	const char *json_type; /* "string" … for a field; NULL for a word */
	const char *native;    /* the word; NULL for a field */
};

struct page {
	struct arena arena; /* owns everything below */

	/* Envelope. */
	bool has_code;
	int64_t code;        /* 0 is success */
	const char *message; /* provider's, cleaned, at most 512 bytes; NULL when absent */
	bool has_total;
	int64_t total;
	bool has_array; /* at least one of the service's arrays is there (null is not) */

	/* Items in the order received, over all sources. */
	struct page_item *items;
	size_t count;
	size_t units; /* elements of the lists, which is what offsets count: items, or groups of
			 them */
	size_t quarantined; /* of items: no readable id, or deeper than JSON_DEPTH_MAX */
	size_t skipped;     /* non-objects of a service that skips them; not in items */
	size_t repaired;    /* of items: bytes were repaired before they were parsed */
	size_t warnings;    /* sum over records, plus one for each quarantined or skipped item, each
			     * repair of the envelope, and a total that is no count */

	struct page_drift *drifts; /* without duplicates inside the page */
	size_t drift_count;

	/* CLASS_NONE, or why the page cannot be used at all (MALFORMED: not JSON, an array that is
	 * none, duplicate envelope keys …; OVERSIZED: more than 20,000 items; INTERNAL: out of
	 * memory), with a sentence. An error code in the envelope is no such failure: it is
	 * classified by the caller from `code`. */
	enum error_class class;
	const char *error;
};

/* Always fills `ret_page`, also on failure; page_finish() frees it. */
void page_read(struct page *ret_page, const char *bytes, size_t len,
	       const struct page_scope *scope);
void page_finish(struct page *page);

/*
 * Fingerprint of an identity inside a listing, as page_item.key has it. `zone_id` is RECORD_ABSENT
 * and zone NULL where there is none.
 */
uint64_t page_key(uint64_t seed, const char *zone, int64_t zone_id, const char *image_id);
