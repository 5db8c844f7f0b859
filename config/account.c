/*
 * The keys of `defaults` and of each account: an account starts as a copy of the defaults, its
 * own keys replace them, then provider, credentials and endpoint are checked against each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/load.h"
#include "config/url.h"
#include "config/values.h"

enum { WHAT_SIZE = 256, KEYS_MAX = OPTION_COUNT + 8 };

/* The `_file` twins of the credentials, as options of their own. */
static const struct option id_file = { .section = "accounts",
				       .kind = OPTION_KIND_SECRET_PATH,
				       .offset = offsetof(struct config_account, id.file) };
static const struct option secret_file = { .section = "accounts",
					   .kind = OPTION_KIND_SECRET_PATH,
					   .offset = offsetof(struct config_account, secret.file) };

static size_t id_of(const struct option *option)
{
	return (size_t)(option - options);
}

/* Is the key NAME or NAME_file? */
static bool is_credential(const char *key, const char *name)
{
	size_t len = strlen(name);

	return strncmp(key, name, len) == 0 && (!key[len] || strcmp(key + len, "_file") == 0);
}

/* The provider one of whose credentials the key is; NULL when there is none. */
static const struct provider *owner_of(const struct loader *loader, const char *key)
{
	for (const struct provider *const *p = loader->providers; *p; p++)
		if (is_credential(key, (*p)->credential_id) ||
		    is_credential(key, (*p)->credential_secret))
			return *p;
	return NULL;
}

void load_defaults(struct loader *loader, const struct node *defaults)
{
	const char *keys[OPTION_COUNT + 1];

	option_keys("accounts", true, keys);
	for (const struct node_entry *entry = defaults->entries; entry; entry = entry->next) {
		char what[WHAT_SIZE];
		const char *key = entry->key->text;
		const struct option *option = option_find("accounts", key);
		if (owner_of(loader, key) || (option && !(option->flags & OPTION_SHARED))) {
			load_error(loader, entry->key->position,
				   "'%s' cannot have a default: write it in each account", key);
		} else if (!option) {
			load_unknown_key(loader, entry->key, "defaults", keys);
		} else {
			snprintf(what, sizeof(what), "defaults.%s", key);
			load_option(loader, option, entry->value, what, &loader->defaults);
			loader->defaults_source.nodes[id_of(option)] = entry->value;
			load_effect(loader, option, entry->key);
		}
	}
	const struct node *projects = loader->defaults_source.nodes[OPTION_PROJECTS];
	if (projects && loader->defaults_source.nodes[OPTION_PROJECT_ID])
		load_error(loader, projects->position,
			   "defaults: 'project_id' and 'projects' exclude each other");
}

/* ---- provider -------------------------------------------------------------------------- */

static void unknown_provider(struct loader *loader, struct account_draft *draft,
			     const struct node *node, const char *word)
{
	const char *names[64];
	size_t count = 0;
	struct buf valid;

	buf_init(&valid);
	for (const struct provider *const *p = loader->providers; *p && count < 63; p++) {
		names[count++] = (*p)->name;
		buf_printf(&valid, "%s%s", valid.len ? ", " : "", (*p)->name);
	}
	names[count] = NULL;
	const char *nearest = text_nearest(word, names);
	if (loader->find && loader->mode == CONFIG_RUN && !nearest) {
		load_warning(loader, node->position,
			     "%s: no provider '%.80s' is built in or a plug-in of %s: the account "
			     "is left out",
			     draft->label, word, loader->config->plugin_dir);
		draft->left_out = true;
		buf_finish(&valid);
		return;
	}
	load_error(loader, node->position, "%s: unknown provider '%.80s' (there are: %s)%s%s%s",
		   draft->label, node->text, buf_text(&valid), nearest ? "; did you mean '" : "",
		   nearest ? nearest : "", nearest ? "'?" : "");
	buf_finish(&valid);
}

static void load_provider(struct loader *loader, struct account_draft *draft, struct node *node)
{
	char what[WHAT_SIZE];
	const char *word;

	if (!node) {
		load_error(loader, draft->position, "%s: missing 'provider'", draft->label);
		return;
	}
	snprintf(what, sizeof(what), "%s: provider", draft->label);
	if (load_text(loader, node, what, &word) != EXPANDED)
		return;
	for (const struct provider *const *p = loader->providers; *p; p++) {
		if (strcmp((*p)->name, word) == 0) {
			draft->account->provider = *p;
			return;
		}
	}
	unknown_provider(loader, draft, node, word);
}

/* ---- credentials ----------------------------------------------------------------------- */

/* A value in the file itself, or a default there, not one of the environment. */
static bool is_inline(const struct node *node)
{
	return !strstr(node->text, "${") || strstr(node->text, ":-");
}

static void load_credential(struct loader *loader, struct account_draft *draft,
			    const struct node *map, const struct option *option)
{
	const struct provider *provider = draft->account->provider;
	bool secret = option == &options[OPTION_SECRET];
	const char *key = secret ? provider->credential_secret : provider->credential_id;
	struct config_secret *member = secret ? &draft->account->secret : &draft->account->id;
	char file_key[128], what[WHAT_SIZE];
	const char *text;

	snprintf(file_key, sizeof(file_key), "%s_file", key);
	struct node *value = node_find(map, key);
	struct node *file = node_find(map, file_key);
	if (value && file) {
		load_error(loader, file->position, "%s: '%s' and '%s' exclude each other",
			   draft->label, key, file_key);
		return;
	}
	if (!value && !file) {
		load_error(loader, draft->position, "%s: missing '%s' or '%s'", draft->label, key,
			   file_key);
		return;
	}
	snprintf(what, sizeof(what), "%s: %s", draft->label, file ? file_key : key);
	if (file) {
		load_option(loader, secret ? &secret_file : &id_file, file, what, draft->account);
		return;
	}
	if (load_text(loader, value, what, &text) == EXPANSION_REFUSED)
		return;
	member->value = load_keep(loader, text);
	if (secret && is_inline(value) && value->position.document->read_by_others)
		load_warning(loader, value->position,
			     "%s stands in a file that everybody may read: chmod o= '%s'", what,
			     value->position.document->path);
}

/* ---- endpoint -------------------------------------------------------------------------- */

/* The gateway of the cloud's own network is the cloud. */
static const struct {
	const char *host, *cloud;
	bool plain_http; /* it speaks nothing else */
} gateways[] = {
	{ "api.service.ucloud.cn", "api.ucloud.cn", true },
};

static bool may_be_plain(const struct url *url)
{
	for (size_t i = 0; i < ARRAY_LEN(gateways); i++)
		if (gateways[i].plain_http && strcmp(url->host, gateways[i].host) == 0)
			return true;
	return url_is_loopback(url);
}

static const char *cloud_of(struct loader *loader, const struct url *url)
{
	uint16_t usual = strcmp(url->scheme, "https") == 0 ? 443 : 80;
	const char *host = url->host;

	for (size_t i = 0; i < ARRAY_LEN(gateways); i++)
		if (strcmp(host, gateways[i].host) == 0)
			host = gateways[i].cloud;
	if (url->port == 0 || url->port == usual)
		return load_keep(loader, host);
	const char *cloud =
		arena_format(&loader->config->arena, "%s:%u", host, (unsigned)url->port);
	loader->out_of_memory |= !cloud;
	return cloud;
}

static void load_endpoint(struct loader *loader, struct account_draft *draft)
{
	struct config_account *account = draft->account;
	const struct node *node = draft->source.nodes[OPTION_ENDPOINT];
	struct complaint ignored;
	struct url url;

	if (!account->endpoint && node)
		return; /* refused, or not known here */
	if (!account->endpoint)
		account->endpoint = account->provider->endpoint;
	if (!url_parse(&url, account->endpoint, &ignored))
		return;
	if (!url.has_path) {
		account->endpoint = arena_format(&loader->config->arena, "%s/", account->endpoint);
		loader->out_of_memory |= !account->endpoint;
	}
	if (strcmp(url.scheme, "http") == 0 && !account->allow_plain_http && !may_be_plain(&url))
		load_error(
			loader, node ? node->position : draft->position,
			"%s: endpoint: http:// shows requests to everybody on the way to %s: use "
			"https:// or set allow_plain_http: true",
			draft->label, url.host);
	if (!account->cloud && !draft->source.nodes[OPTION_CLOUD])
		account->cloud = cloud_of(loader, &url);
	draft->host = arena_string(&loader->scratch, url.host);
	if (!draft->host)
		draft->host = "";
}

/* ---- the account ----------------------------------------------------------------------- */

static void unknown_key(struct loader *loader, const struct account_draft *draft,
			const struct node *key)
{
	const struct provider *provider = draft->account->provider;
	const struct provider *owner = owner_of(loader, key->text);
	const char *keys[KEYS_MAX];
	char id[128], secret[128];
	size_t count = 0;

	if (owner && !provider)
		return; /* it was told that the provider is not known */
	if (owner) {
		load_error(loader, key->position, "%s: '%s' is a key of %s; %s has '%s' and '%s'",
			   draft->label, key->text, owner->name, provider->name,
			   provider->credential_id, provider->credential_secret);
		return;
	}
	option_keys("accounts", false, keys);
	while (keys[count])
		count++;
	if (provider) {
		snprintf(id, sizeof(id), "%s_file", provider->credential_id);
		snprintf(secret, sizeof(secret), "%s_file", provider->credential_secret);
		keys[count++] = provider->credential_id;
		keys[count++] = provider->credential_secret;
		keys[count++] = id;
		keys[count++] = secret;
		keys[count] = NULL;
	}
	load_unknown_key(loader, key, draft->label, keys);
}

/* A default of `projects` gives way to an account's `project_id`, and the other way round. */
static void load_projects_once(struct loader *loader, struct account_draft *draft,
			       const struct option *option, const struct node *key)
{
	struct account_source *source = &draft->source;
	size_t other = id_of(option) == OPTION_PROJECTS ? OPTION_PROJECT_ID : OPTION_PROJECTS;

	if (source->own[other])
		load_error(loader, key->position,
			   "%s: 'project_id' and 'projects' exclude each other", draft->label);
	source->nodes[other] = NULL;
}

static void load_key(struct loader *loader, struct account_draft *draft,
		     const struct node_entry *entry)
{
	const struct option *option = option_find("accounts", entry->key->text);
	const struct provider *provider = draft->account->provider;
	char what[WHAT_SIZE];

	if (option == &options[OPTION_NAME] || option == &options[OPTION_PROVIDER])
		return;
	if (provider && (is_credential(entry->key->text, provider->credential_id) ||
			 is_credential(entry->key->text, provider->credential_secret)))
		return;
	if (!option) {
		unknown_key(loader, draft, entry->key);
		return;
	}
	if (option == &options[OPTION_PROJECTS] || option == &options[OPTION_PROJECT_ID])
		load_projects_once(loader, draft, option, entry->key);
	/* What a default said is gone, even when the own value is refused. */
	if (option == &options[OPTION_ENDPOINT])
		draft->account->endpoint = NULL;
	if (option == &options[OPTION_CLOUD])
		draft->account->cloud = NULL;
	draft->source.nodes[id_of(option)] = entry->value;
	draft->source.own[id_of(option)] = true;
	snprintf(what, sizeof(what), "%s: %s", draft->label, option->key);
	load_option(loader, option, entry->value, what, draft->account);
	load_effect(loader, option, entry->key);
}

static void load_name(struct loader *loader, struct account_draft *draft, struct node *node,
		      size_t number)
{
	char label[WHAT_SIZE];

	snprintf(label, sizeof(label), "account %zu", number);
	draft->label = arena_string(&loader->scratch, label);
	if (!draft->label)
		draft->label = "account";
	if (!node) {
		load_error(loader, draft->position, "%s: missing 'name'", draft->label);
		return;
	}
	snprintf(label, sizeof(label), "%s: name", draft->label);
	load_option(loader, &options[OPTION_NAME], node, label, draft->account);
	if (!draft->account->name)
		return;
	const char *named = arena_format(&loader->scratch, "account '%s'", draft->account->name);
	if (named)
		draft->label = named;
}

/* True when it must be left out: its provider is not there. */
static bool load_account(struct loader *loader, struct config_account *ret, const struct node *map,
			 size_t number)
{
	struct account_draft draft = { .account = ret,
				       .source = loader->defaults_source,
				       .position = map->position,
				       .host = "" };

	*ret = loader->defaults;
	if (map->type != NODE_MAP) {
		load_error(loader, map->position, "account %zu: expected a map of keys", number);
		return false;
	}
	load_name(loader, &draft, node_find(map, "name"), number);
	load_provider(loader, &draft, node_find(map, "provider"));
	if (draft.left_out)
		return true;
	for (const struct node_entry *entry = map->entries; entry; entry = entry->next)
		load_key(loader, &draft, entry);
	if (!ret->provider)
		return false;
	load_credential(loader, &draft, map, &options[OPTION_ID]);
	load_credential(loader, &draft, map, &options[OPTION_SECRET]);
	load_endpoint(loader, &draft);
	load_services(loader, &draft);
	load_places(loader, &draft);
	if (ret->requests_per_second <= 0)
		ret->requests_per_second = ret->provider->requests_per_second > 0
						   ? ret->provider->requests_per_second
						   : 1;
	return false;
}

/* ---- all accounts ---------------------------------------------------------------------- */

struct named {
	const char *name;
	size_t number;
	struct position position;
};

static int compare_names(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int r = strcmp(a->name, b->name);

	return r ? r : (a->number > b->number) - (a->number < b->number);
}

static void tell_duplicates(struct loader *loader, struct named *named, size_t count)
{
	qsort(named, count, sizeof(*named), compare_names);
	for (size_t i = 1, first = 0; i < count; i++) {
		if (strcmp(named[i].name, named[first].name) != 0)
			first = i;
		else
			load_error(loader, named[i].position,
				   "account '%s' exists already: the other one is at %s:%zu:%zu",
				   named[i].name, named[first].position.document->path,
				   named[first].position.line, named[first].position.column);
	}
}

void load_accounts(struct loader *loader, const struct node *accounts)
{
	struct config *config = loader->config;
	struct named *named = arena_alloc(&loader->scratch, (accounts->count + 1) * sizeof(*named));
	size_t count = 0;

	config->accounts =
		arena_alloc(&config->arena, (accounts->count + 1) * sizeof(*config->accounts));
	const char **left_out =
		arena_alloc(&config->arena, (accounts->count + 1) * sizeof(*left_out));
	size_t left_out_count = 0, number = 0;
	if (!named || !config->accounts || !left_out) {
		loader->out_of_memory = true;
		return;
	}
	for (const struct node_entry *entry = accounts->entries; entry; entry = entry->next) {
		const struct node *name = node_find(entry->value, "name");
		struct config_account *account = &config->accounts[config->account_count];
		bool is_left_out = load_account(loader, account, entry->value, ++number);
		if (account->name) {
			named[count] = (struct named){ account->name, count, name->position };
			count++;
		}
		if (!is_left_out)
			config->account_count++;
		else if (account->name)
			left_out[left_out_count++] = account->name;
	}
	left_out[left_out_count] = NULL;
	config->left_out = left_out;
	tell_duplicates(loader, named, count);
}
