/*
 * The effective configuration: what the YAML files say, checked, defaults filled in.
 *
 * Immutable once loaded; owned by its arena and freed as a whole. No secret that came from a
 * file is in it: `*_file` keys keep the path, secrets.h opens it when it is needed.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/log.h"
#include "imagecat/provider.h"

/* A list from the configuration, or the word `all`. */
struct config_list {
	const char *const *items; /* ends with NULL; NULL when not given */
	size_t count;
	bool all;
};

/* Half of a credential: a value in the file, or the path of a file that holds it. */
struct config_secret {
	const char *value; /* NULL when `file` is used */
	const char *file;
};

struct config_header {
	const char *name, *value;
};

/* With CONFIG_CHECK a member whose variable is not set is NULL, or as written in the file. */
struct config_account {
	const char *name;
	const struct provider *provider;
	const char *endpoint; /* as configured, or the provider's; has a path, "/" at least */
	/*
	 * Name in column `cloud` and uid: as configured, else the endpoint's host in lower case,
	 * with its port where that is not the scheme's own. api.service.ucloud.cn counts as
	 * api.ucloud.cn.
	 */
	const char *cloud;
	struct config_secret id;     /* public_key, access_key_id */
	struct config_secret secret; /* private_key, secret_access_key */
	struct config_list projects, regions, zones;
	struct config_list services, variants; /* defaults filled in; never `all` */
	const struct config_header *headers;   /* ends with {NULL} */
	const char *ca_file, *proxy;           /* NULL when not set */
	int64_t interval_s, timeout_ms;
	double requests_per_second;
	bool allow_plain_http;
};

struct config {
	struct arena arena;
	const char *file; /* as given: read again by a reload */
	struct {
		const char *path;
		int64_t keep_history_s, keep_polls_s; /* 0 = for ever */
	} catalog;
	struct {
		int64_t after_complete_polls, brake_percent, brake_rows, hold_s, hold_polls;
	} removal;
	struct {
		int64_t max_body_bytes, requests_in_flight;
	} limits;
	struct {
		const char *listen; /* "off" when there is none */
		const char *token_file;
		struct config_list names;
	} http;
	const char *plugin_dir;
	struct {
		enum log_level level;
		enum log_format format;
		bool forced; /* by the command line: a reload leaves it */
	} log;
	struct config_account *accounts;
	size_t account_count;
	/* Names of accounts whose provider is a plug-in that is not there; ends with NULL. They are
	 * configured and yet cannot be polled. */
	const char *const *left_out;
	const struct provider *const *providers; /* that it was read with; borrowed */
};

enum config_mode {
	CONFIG_RUN,   /* everything must be usable now */
	CONFIG_CHECK, /* --check: an unset ${VAR} or a missing file is a warning, no secret file is
			 opened; one of certificates is, and must be good when it is there */
	CONFIG_SECTIONS, /* for programs beside the daemon: like CONFIG_CHECK, without `defaults`
			    and accounts; `providers` may be NULL */
};

/*
 * Reads FILE and conf.d/\*.yaml beside it in name order. Every problem is appended to
 * `diagnostics` in the form of CONTRACT.md §2 (FILE:LINE:COL: error: …, the line, a caret);
 * warnings as well. Returns 0, or -EINVAL (-ENOMEM) with *ret untouched and the count line last.
 * Any thread; it reads the environment, which nobody may change meanwhile.
 */
int config_load(struct config **ret, const char *file, const struct provider *const *providers,
		enum config_mode mode, struct buf *diagnostics);
/*
 * The same, with the providers found when plugin_dir is known: `find` is called once, NULL from it
 * is out of memory. An account of a provider that is not there is left out with a warning (nobody
 * may be watching when a machine boots), unless the name looks like a slip or the mode is
 * CONFIG_CHECK.
 */
typedef const struct provider *const *config_find_fn(const char *plugin_dir, void *data);
int config_load_with(struct config **ret, const char *file, config_find_fn *find, void *data,
		     enum config_mode mode, struct buf *diagnostics);

void config_free(struct config *config); /* accepts NULL; wipes inline secrets */

/* Whether the account is one of `left_out`. */
bool config_is_left_out(const struct config *config, const char *account);

/* The effective configuration as YAML; secrets and values of headers are printed as "********". */
void config_print(const struct config *config, struct buf *out);

/* Keys that a reload cannot change and that differ, as "catalog.path, http.listen"; how many. */
size_t config_fixed_changes(const struct config *old, const struct config *new, struct buf *keys);

/* Do both say the same? Then the account keeps its timers over a reload. */
bool config_account_equal(const struct config_account *a, const struct config_account *b);
