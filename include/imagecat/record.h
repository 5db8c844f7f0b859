/*
 * The record: the one shape that every cloud's image becomes. Plain data, no behaviour.
 *
 * RECORD_COLUMNS is the single list of its members: the struct, the catalog's columns, the
 * public views, their documentation and the comparison of two records are all made from it.
 * Adding a row here (and a migration) is the whole change.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Column types and the C type of their member:
 *   TEXT  one cleaned line            const char *  NULL = not reported
 *   PROSE cleaned text that keeps \n  const char *
 *   WORD  normalised enumeration      const char *  a word of the column's vocabulary
 *   DATE  YYYY-MM-DD                  const char *
 *   LIST  JSON array, canonical       const char *  sets are sorted and hold no duplicates
 *   JSON  JSON as received            const char *
 *   INT   integer                     int64_t       RECORD_ABSENT = not reported
 *   FLAG  0 or 1                      int64_t       RECORD_ABSENT = not reported
 *   TIME  Unix seconds UTC            int64_t       RECORD_ABSENT = not reported
 *   REAL  number                      double        NaN = not reported
 */
#define RECORD_C_TEXT                                              const char *
#define RECORD_C_PROSE                                             const char *
#define RECORD_C_WORD                                              const char *
#define RECORD_C_DATE                                              const char *
#define RECORD_C_LIST                                              const char *
#define RECORD_C_JSON                                              const char *
#define RECORD_C_INT                                               int64_t
#define RECORD_C_FLAG                                              int64_t
#define RECORD_C_TIME                                              int64_t
#define RECORD_C_REAL                                              double

#define RECORD_ABSENT                                              INT64_MIN

/* clang-format off */
enum column_type {
	COLUMN_TEXT, COLUMN_PROSE, COLUMN_WORD, COLUMN_DATE, COLUMN_LIST, COLUMN_JSON,
	COLUMN_INT, COLUMN_FLAG, COLUMN_TIME, COLUMN_REAL,
};
/* clang-format on */

/* clang-format off */
enum column_flag {
	COLUMN_IDENTITY = 1 << 0, /* part of what makes it the same image; never differs */
	COLUMN_VOLATILE = 1 << 1, /* a counter: updates the row, is not a change */
	COLUMN_HONESTY  = 1 << 2, /* about the reading, not the image: is not a change */
	COLUMN_STICKY   = 1 << 3, /* absent means "not asked for": never erases a stored value */
};
/* clang-format on */

/* clang-format off */
/* X(type, name, flags, unit, vocabulary or "", description) */
#define RECORD_COLUMNS(X) \
	X(TEXT,  zone,                COLUMN_IDENTITY, "", "", "availability zone: the item's own, else the one asked for") \
	X(INT,   zone_id,             COLUMN_IDENTITY, "", "", "numeric zone of UK8S images") \
	X(TEXT,  image_set,           0, "", "", "the array that listed a UK8S image") \
	X(TEXT,  image_id,            COLUMN_IDENTITY, "", "", "the id to launch it by") \
	X(TEXT,  name,                0, "", "", "image name") \
	X(PROSE, description,         0, "", "", "description") \
	X(PROSE, readme,              COLUMN_STICKY, "", "", "long description") \
	X(TEXT,  cover_url,           0, "", "", "cover picture") \
	X(TEXT,  link_url,            0, "", "", "introduction page") \
	X(TEXT,  group_id,            0, "", "", "Compshare image group") \
	X(TEXT,  version_name,        0, "", "", "version inside the group") \
	X(PROSE, version_description, 0, "", "", "what is new in the version") \
	X(WORD,  kind,                0, "", "system|marketplace|application|custom|community|shared|unknown", "what sort of image it is") \
	X(TEXT,  kind_native,         0, "", "", "the provider's own word for kind") \
	X(WORD,  origin,              0, "", "platform|self|community|shared|unknown", "who made it") \
	X(TEXT,  origin_native,       0, "", "", "the provider's own word for origin") \
	X(FLAG,  is_official,         0, "", "", "1 when the provider marks it as official") \
	X(WORD,  visibility,          0, "", "public|private|shared|unknown", "who may see it") \
	X(TEXT,  visibility_native,   0, "", "", "the provider's own word for visibility") \
	X(WORD,  form,                0, "", "vm|container|baremetal|unknown", "what it boots as") \
	X(TEXT,  workload,            0, "", "", "the provider's word for its use (UCloud FuncType)") \
	X(WORD,  state,               0, "", "available|pending|copying|reviewing|unavailable|deprecated|suspended|offline|deleted|purged|unknown", "state in the cloud") \
	X(TEXT,  state_native,        0, "", "", "the provider's own word for state") \
	X(TEXT,  transition,          0, "", "", "a running change of state") \
	X(FLAG,  launchable,          0, "", "", "1 when a machine can be made from it now, NULL when that is not known") \
	X(PROSE, failure_reason,      0, "", "", "why making the image failed") \
	X(WORD,  os_type,             0, "", "linux|windows|other|unknown", "operating system family") \
	X(TEXT,  os_distro,           0, "", "", "distribution, spelt as libosinfo does: ubuntu, centos, rhel, windows") \
	X(TEXT,  os_version,          0, "", "", "version of the distribution") \
	X(TEXT,  os_name,             0, "", "", "the provider's own name of the operating system") \
	X(WORD,  arch,                0, "", "x86_64|aarch64|i386", "processor architecture") \
	X(FLAG,  gpu_supported,       0, "", "", "1 when it runs on GPU machines, 0 only when the cloud says that it does not") \
	X(LIST,  gpu_types,           0, "", "", "GPU models it supports") \
	X(TEXT,  source_gpu_type,     0, "", "", "GPU model it was made on") \
	X(TEXT,  min_cpu_platform,    0, "", "", "oldest CPU platform it runs on") \
	X(TEXT,  recommended_type,    0, "", "", "machine type the provider recommends") \
	X(LIST,  features,            0, "", "", "capability flags, canonical spelling") \
	X(TEXT,  framework,           0, "", "", "machine learning framework") \
	X(TEXT,  framework_version,   0, "", "", "version of the framework") \
	X(TEXT,  cuda_version,        0, "", "", "CUDA version") \
	X(LIST,  applications,        0, "", "", "installed applications") \
	X(TEXT,  integrated_software, 0, "", "", "software of a marketplace image") \
	X(TEXT,  primary_software,    0, "", "", "main software") \
	X(LIST,  scene_categories,    0, "", "", "scenes that the provider files it under") \
	X(FLAG,  auto_start,          0, "", "", "1 when its application starts by itself") \
	X(TEXT,  owner_id,            0, "", "", "account that owns it") \
	X(TEXT,  owner_name,          0, "", "", "name of the owning account") \
	X(TEXT,  author,              0, "", "", "author's nickname") \
	X(INT,   author_level,        0, "", "", "author's standing: 0 ordinary, 1 official, 2 certified") \
	X(TEXT,  vendor,              0, "", "", "supplier of a marketplace image") \
	X(REAL,  price,               0, "", "", "price in price_currency, as the provider states it") \
	X(TEXT,  price_currency,      0, "", "", "ISO 4217") \
	X(FLAG,  is_paid,             0, "", "", "1 when using it costs extra") \
	X(LIST,  prices,              0, "", "", "prices per charge type, as sent") \
	X(INT,   size_bytes,          0, "bytes", "", "size") \
	X(INT,   created_count,       COLUMN_VOLATILE, "", "", "machines made from it") \
	X(INT,   favorites_count,     COLUMN_VOLATILE, "", "", "users who marked it") \
	X(INT,   use_time,            COLUMN_VOLATILE, "", "", "accumulated use, as the provider counts it") \
	X(TIME,  created_at,          0, "s", "", "created in the cloud") \
	X(TIME,  published_at,        0, "s", "", "published to the community") \
	X(TIME,  state_changed_at,    0, "s", "", "last change of state") \
	X(DATE,  eol_on,              0, "", "", "day on which its system reaches end of life") \
	X(LIST,  tags,                0, "", "", "tags: strings or objects with key, value, name, id, color, owner") \
	X(LIST,  data_snapshot_ids,   0, "", "", "data disk snapshots that belong to it") \
	X(LIST,  inferred,            COLUMN_HONESTY, "", "", "columns whose value was inferred, not reported") \
	X(LIST,  warnings,            COLUMN_HONESTY, "", "", "what was wrong with the item") \
	X(LIST,  unmapped,            COLUMN_HONESTY, "", "", "fields kept only in raw") \
	X(JSON,  raw,                 COLUMN_HONESTY, "", "", "the item as received, after redaction") \
	X(LIST,  redacted,            COLUMN_HONESTY, "", "", "paths that were redacted in raw")
/* clang-format on */

#define RECORD_MEMBER(type, name, flags, unit, words, description) RECORD_C_##type name;
struct record {
	RECORD_COLUMNS(RECORD_MEMBER)
};
#undef RECORD_MEMBER

/* clang-format off */
#define RECORD_ENUM(type, name, flags, unit, words, description) COLUMN_##name,
enum column {
	RECORD_COLUMNS(RECORD_ENUM)
	COLUMN_COUNT,
};
/* clang-format on */
#undef RECORD_ENUM
