/*
 * The provider plug-in interface. A provider is data: one const descriptor that says which
 * calls to make, how they are signed and paged, and how the answers map onto the record. It
 * performs no I/O, keeps no state, logs nothing; its functions are pure and may be called from
 * any thread. Everything is borrowed for the life of the process.
 *
 * Every list ends with a row of zeros; every member that a comment does not call required may
 * be zero.
 *
 * How to add a cloud: copy the nearest file in providers/, change its tables, put answers from
 * its documents into tests/fixtures/<name>/. docs/PROVIDERS.md walks through one.
 */
#pragma once

#include "imagecat/fieldmap.h"
#include "imagecat/record.h"
#include "imagecat/request.h"

/* Changes with every struct of these headers; a plug-in of another number is refused. */
#define PROVIDER_ABI UINT32_C(20261121)

/* Why an attempt failed. The names are public: column error_class, metric label reason. */
/* clang-format off */
#define ERROR_CLASSES(X) \
	X(NONE, "") X(NETWORK, "network") X(TIMEOUT, "timeout") X(TLS, "tls") X(HTTP, "http") \
	X(THROTTLED, "throttled") X(AUTH, "auth") X(PERMISSION, "permission") \
	X(PARAMETER, "parameter") X(UNAVAILABLE, "unavailable") X(MALFORMED, "malformed") \
	X(OVERSIZED, "oversized") X(INCOMPLETE, "incomplete") X(SUSPECT, "suspect") \
	X(INTERNAL, "internal")

#define ERROR_CLASS_ENUM(name, text) CLASS_##name,
enum error_class { ERROR_CLASSES(ERROR_CLASS_ENUM) CLASS_COUNT };
/* clang-format on */
#undef ERROR_CLASS_ENUM

/* What the reader of a failure should look at. */
enum check { CHECK_NOTHING, CHECK_ID, CHECK_SECRET, CHECK_PROJECT, CHECK_CLOCK };

/* The codes first..last of the envelope mean this class; `first` 0 ends the list. */
struct error_code {
	int64_t first, last;
	enum error_class class;
	const char *meaning; /* "signature refused by": goes before the cloud's name; NULL for the
				class's own */
	enum check check;
	bool resign; /* believed only after one attempt with a fresh signature (QingCloud 1300) */
};

/* A parameter that is always sent. */
struct fixed_param {
	const char *name, *value;
};

/* A filter that a service must be asked with separately; each is a listing of its own. */
struct variant {
	const char *name;  /* as in the configuration and the column `variant` */
	const char *value; /* as sent */
	bool on_request;   /* listed only when the configuration names it */
};

/* An array of the answer that holds images. */
struct item_source {
	const char *path; /* "ImageSet", or "CompshareImageGroup[].Data" for arrays inside groups */
	const char *image_set; /* goes to the column image_set */
	const struct field_map
		*constants; /* applied before the service's rows; CONVERT_CONSTANT only */
};

/* clang-format off */
enum scope_part {
	SCOPE_REGION       = 1 << 0, /* asked once per region */
	SCOPE_ZONE         = 1 << 1, /* asked once per zone */
	SCOPE_ZONE_IF_SET  = 1 << 2, /* asked per zone where zones are configured, else per region */
};
/* clang-format on */

struct service {
	const char *name;   /* required; as in the configuration */
	const char *action; /* required; as the provider names the call */
	bool on_request;    /* not in the default set of services */
	unsigned scope;     /* of enum scope_part; required */

	const struct fixed_param *params;

	/* Paging by offset and limit; no `offset` means that one answer holds everything. */
	struct {
		const char *offset, *limit; /* parameter names */
		unsigned page_items;        /* value of `limit` */
	} paging;
	const char *const
		*totals;      /* envelope members that count the items; first one present wins */
	bool total_untrusted; /* it counts something else: reported, not believed */

	const char *variant_param;
	const struct variant *variants;

	const struct item_source *items; /* required */
	const struct field_map *const
		*fields;       /* required: tables, applied in order; ends with NULL */
	bool skip_non_objects; /* strings among the items are skipped with a warning (UK8S) */
};

/* A call that lists the places of an account; zones and regions may come from the same call. */
enum place { PLACE_REGION = 1 << 0, PLACE_ZONE = 1 << 1, PLACE_PROJECT = 1 << 2 };

struct discovery {
	const char *name;   /* column `variant` of its listing */
	unsigned places;    /* of enum place; required */
	const char *action; /* required */
	const struct fixed_param *params;
	const char *items;                   /* required: path of the array */
	const char *region, *zone, *project; /* members of an item */
	const char *status, *status_usable;  /* an item whose `status` differs is left out */
};

struct provider {
	uint32_t abi;         /* required: PROVIDER_ABI */
	const char *name;     /* required; as in the configuration */
	const char *title;    /* required; as people write it */
	const char *endpoint; /* required; https */

	/* Configuration keys of the two halves of a credential. */
	const char *credential_id, *credential_secret; /* required */

	const char *
		method; /* required: "POST" sends a form (nothing secret in a URL), "GET" a query */
	sign_fn *sign;  /* required */

	/* Names of the request parameters of a scope, NULL where the provider has none. */
	const char *action_param; /* required */
	const char *region_param, *zone_param, *project_param;
	bool zone_is_region; /* a zone is all the place there is; it is also the region */

	/* The envelope; alternatives end with NULL. A code that is not 0 is an error. */
	const char *const *code_paths; /* required */
	const char *const *message_paths;
	const struct error_code *errors; /* required; codes not listed are unavailable once */

	double requests_per_second; /* default of the client-side limit */

	const struct service *services; /* required */
	const struct discovery *discoveries;
};
