/*
 * What the files that load a configuration share; nobody else includes it.
 */
#pragma once

#include "config/config.h"
#include "config/diagnostics.h"
#include "config/document.h"
#include "config/options.h"

/* Where the keys of an account were written. */
struct account_source {
	struct node *nodes[OPTION_COUNT]; /* NULL: nowhere */
	bool own[OPTION_COUNT];           /* in the account, not in `defaults` */
};

struct loader {
	struct config *config; /* being filled; its arena holds what stays */
	struct arena scratch;  /* trees and diagnostics: dropped at the end */
	struct diagnostics diagnostics;
	const struct provider *const *providers;
	config_find_fn *find; /* NULL: providers is all there is */
	void *find_data;
	enum config_mode mode;
	struct config_account defaults;
	struct account_source defaults_source;
	bool out_of_memory;
};

#define load_error(loader, position, ...)                                                          \
	diagnostics_add(&(loader)->diagnostics, SEVERITY_ERROR, (position), __VA_ARGS__)
#define load_warning(loader, position, ...)                                                        \
	diagnostics_add(&(loader)->diagnostics, SEVERITY_WARNING, (position), __VA_ARGS__)

/* expand.c: a scalar with its ${VAR}s filled in. Anything but EXPANDED was told. */
enum expansion {
	EXPANDED,
	EXPANSION_UNSET, /* CONFIG_CHECK only: the value is not known here; *ret is as written */
	EXPANSION_REFUSED,
};
enum expansion load_text(struct loader *loader, struct node *node, const char *what,
			 const char **ret);

/* read.c: one key's value into its member. `what` names it in messages: "account 'prod': interval".
 */
void load_option(struct loader *loader, const struct option *option, struct node *node,
		 const char *what, void *base);

/* An unknown key, with what may have been meant; `candidates` ends with NULL. */
void load_unknown_key(struct loader *loader, const struct node *key, const char *where,
		      const char *const *candidates);

/* The key has an effect only later: a warning. */
void load_effect(struct loader *loader, const struct option *option, const struct node *key);

/* A file that must be there: told as an error. That it is not, or may not be read, is a warning
 * with CONFIG_CHECK. */
void load_check_file(struct loader *loader, const struct node *node, const char *what,
		     const char *path, bool secret);

/* account.c: the two lists of accounts. */
void load_defaults(struct loader *loader, const struct node *defaults);
void load_accounts(struct loader *loader, const struct node *accounts);

/* An account and what its messages need. */
struct account_draft {
	struct config_account *account;
	struct account_source source;
	struct position position; /* of the account */
	const char *label;        /* "account 'prod'" */
	const char *host;         /* of the endpoint, lower case; "" when not known */
	bool left_out; /* its provider is not there, and that is no mistake of the file */
};

/* places.c: services, variants and places that the provider does not have or cannot do without. */
void load_services(struct loader *loader, struct account_draft *draft);
void load_places(struct loader *loader, struct account_draft *draft);

/* A copy of `text` in the configuration; NULL when memory is out, which load_end() tells. */
const char *load_keep(struct loader *loader, const char *text);
