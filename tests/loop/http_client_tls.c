#include "http/client.h"
#include "tests/test.h"

#include <dlfcn.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A TLS server on the test's loop with a certificate made for the row. What matters besides the
 * verdict: a server whose certificate is refused has decrypted no byte of the request, whose query
 * is a signature that may be used for ever.
 */
enum { CONNECTIONS = 4, DAY_S = 86400 };

#define OK_BODY   "{\"RetCode\":0}"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n" OK_BODY

enum chain {
	BY_CA, /* the CA that the client is told to trust */
	BY_ITSELF,
	BY_OTHER_CA, /* same name, another key */
	BY_INTERMEDIATE,
	BY_EXPIRED, /* an expired intermediate */
	BY_UNSENT,  /* an intermediate that the server does not send */
};

enum trust { TRUST_CA, TRUST_SYSTEM, TRUST_MISSING_FILE, TRUST_EMPTY_FILE };

struct row {
	const char *name;
	const char *host; /* NULL: 127.0.0.1 */
	const char *san;  /* NULL: IP:127.0.0.1; "": none */
	enum chain chain;
	int from_day, to_day; /* of the leaf, from now; 0, 0: yesterday to tomorrow */
	int rsa_bits;         /* 0: P-256 */
	bool sha1;
	int version_max; /* of the server; 0: any */
	enum trust trust;
	const char *answer; /* NULL: OK_ANSWER */
	const char *body;   /* expected; NULL: OK_BODY */
	bool rude;          /* closes without close_notify after the answer */
	int error;
	enum error_class class;
	const char *text;
};

#define REFUSED .error = UV_EPROTO, .class = CLASS_TLS

/* clang-format off */
static const struct row rows[] = {
	{ "a CA of one's own, by number", .san = "IP:127.0.0.1" },
	{ "a CA of one's own, by name", .host = "api.fine.test", .san = "DNS:api.fine.test" },
	{ "a wildcard", .host = "api.fine.test", .san = "DNS:*.fine.test" },
	{ "an intermediate", .chain = BY_INTERMEDIATE },
	{ "TLS 1.2", .version_max = TLS1_2_VERSION },
	{ "the system's CAs do not know ours", .trust = TRUST_SYSTEM, REFUSED, .text = "refused the certificate of 127.0.0.1: SSL certificate problem: unable to get local issuer certificate" },
	{ "expired", .from_day = -30, .to_day = -1, REFUSED, .text = "certificate has expired" },
	{ "not yet valid", .from_day = 1, .to_day = 30, REFUSED, .text = "certificate is not yet valid" },
	{ "another host", .host = "api.fine.test", .san = "DNS:api.other.test", REFUSED, .text = "refused the certificate of api.fine.test" },
	{ "another host that starts the same", .host = "api.fine.test", .san = "DNS:api.fine.test.evil.test", REFUSED, .text = "refused" },
	{ "a NUL in the name", .host = "api.fine.test", .san = "NUL", REFUSED, .text = "refused" },
	{ "another number", .san = "IP:127.0.0.2", REFUSED, .text = "refused the certificate of 127.0.0.1" },
	{ "a number as a name", .san = "DNS:127.0.0.1", REFUSED, .text = "refused" },
	{ "a common name alone", .san = "", REFUSED, .text = "no subjectAltName in the certificate of 127.0.0.1" },
	{ "a common name alone, by name", .host = "api.fine.test", .san = "", REFUSED, .text = "no subjectAltName in the certificate of api.fine.test" },
	{ "an alternative name that is no host's", .host = "api.fine.test", .san = "email:ops@fine.test", REFUSED, .text = "no subjectAltName" },
	{ "self-signed", .chain = BY_ITSELF, REFUSED, .text = "self-signed certificate" },
	{ "another CA of the same name", .chain = BY_OTHER_CA, REFUSED, .text = "no TLS connection to 127.0.0.1" },
	{ "an expired intermediate", .chain = BY_EXPIRED, REFUSED, .text = "certificate has expired" },
	{ "a missing intermediate", .chain = BY_UNSENT, REFUSED, .text = "unable to get local issuer certificate" },
	{ "a wildcard too wide", .host = "fine.test", .san = "DNS:*.test", REFUSED, .text = "refused" },
	{ "a wildcard a level too high", .host = "a.b.fine.test", .san = "DNS:*.fine.test", REFUSED, .text = "refused" },
	{ "SHA-1", .sha1 = true, REFUSED, .text = "too weak" },
	{ "RSA of 1024 bits", .rsa_bits = 1024, REFUSED, .text = "too weak" },
	{ "RSA of 512 bits", .rsa_bits = 512, REFUSED, .text = "127.0.0.1" },
	{ "TLS 1.1", .version_max = TLS1_1_VERSION, REFUSED, .text = "no TLS connection to 127.0.0.1" },
	{ "TLS 1.0", .version_max = TLS1_VERSION, REFUSED, .text = "no TLS connection to 127.0.0.1" },
	{ "a CA file that is not there", .trust = TRUST_MISSING_FILE, REFUSED, .text = "cannot use the CA file" },
	{ "an empty CA file", .trust = TRUST_EMPTY_FILE, REFUSED, .text = "cannot use the CA file" },
	{ "cut without close_notify", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", .rude = true, .error = UV_EOF, .class = CLASS_NETWORK, .text = "the answer was cut after 1 of 100 bytes" },
	{ "the same without a length: only the envelope can tell", .answer = "HTTP/1.1 200 OK\r\n\r\n{", .rude = true, .body = "{" },
};
/* clang-format on */

/* Names of the test domain are this machine. */
typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	resolve_fn *resolve = (resolve_fn *)(uintptr_t)dlsym(RTLD_NEXT, "getaddrinfo");

	return resolve(host && strstr(host, ".test") ? "127.0.0.1" : host, service, hints, ret);
}

/* ---- certificates ------------------------------------------------------------------------------
 */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void identity_finish(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->cert);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* "api.fine.test" and, behind a NUL, another name: no text form can say that. */
static void add_name_with_nul(X509 *cert)
{
	static const char name[] = "api.fine.test\0.evil.test";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *general = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(text, name, sizeof(name) - 1), 1);
	GENERAL_NAME_set0_value(general, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, general);
	assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

struct wish {
	const char *common_name;
	const char *san; /* "": none */
	bool ca;
	int from_day, to_day;
	int rsa_bits;
	bool sha1;
};

/* Signed by itself where `issuer` is NULL. */
static struct identity identity_make(const struct wish *wish, const struct identity *issuer)
{
	static long serial = 1;
	struct identity made = {
		.key = wish->rsa_bits ? EVP_RSA_gen((unsigned)wish->rsa_bits) : EVP_EC_gen("P-256"),
		.cert = X509_new(),
	};
	X509_NAME *name = X509_NAME_new();

	assert_non_null(made.key);
	assert_non_null(made.cert);
	assert_non_null(name);
	X509_set_version(made.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial++);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
				   (const unsigned char *)wish->common_name, -1, -1, 0);
	X509_set_subject_name(made.cert, name);
	X509_set_issuer_name(made.cert, issuer ? X509_get_subject_name(issuer->cert) : name);
	X509_gmtime_adj(X509_getm_notBefore(made.cert), (long)wish->from_day * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(made.cert), (long)wish->to_day * DAY_S);
	X509_set_pubkey(made.cert, made.key);
	add_extension(made.cert, NID_basic_constraints, wish->ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (strcmp(wish->san, "NUL") == 0)
		add_name_with_nul(made.cert);
	else if (*wish->san)
		add_extension(made.cert, NID_subject_alt_name, wish->san);
	assert_true(X509_sign(made.cert, issuer ? issuer->key : made.key,
			      wish->sha1 ? EVP_sha1() : EVP_sha256()) > 0);
	X509_NAME_free(name);
	return made;
}

static struct identity make_authority(const char *common_name, int from_day, int to_day,
				      const struct identity *issuer)
{
	const struct wish wish = { .common_name = common_name,
				   .san = "",
				   .ca = true,
				   .from_day = from_day,
				   .to_day = to_day };

	return identity_make(&wish, issuer);
}

/* ---- the server
 * ----------------------------------------------------------------------------------- */

struct tls_connection {
	struct tls_server *server;
	uv_tcp_t tcp;
	SSL *ssl;
	BIO *in, *out; /* the ssl's own */
	bool open, gone;
	char bytes[4096];
};

struct tls_server {
	uv_tcp_t listener;
	unsigned port;
	SSL_CTX *ctx;
	const struct row *row;
	struct tls_connection pool[CONNECTIONS];
	unsigned connections;
	size_t decrypted; /* bytes of requests */
	char request[4096];
};

static void on_connection_closed(uv_handle_t *handle)
{
	struct tls_connection *c = handle->data;

	SSL_free(c->ssl);
	c->open = false;
}

static void hang_up(struct tls_connection *c)
{
	if (c->gone)
		return;
	c->gone = true;
	uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

static void flush(struct tls_connection *c)
{
	char *bytes;
	long len = BIO_get_mem_data(c->out, &bytes);
	uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);

	/* Small enough for the socket's buffer; a client that has gone needs none of it. */
	if (len > 0 && uv_try_write((uv_stream_t *)&c->tcp, &buf, 1) < 0)
		hang_up(c);
	(void)BIO_reset(c->out);
}

static void converse(struct tls_connection *c)
{
	struct tls_server *server = c->server;
	size_t room = sizeof(server->request) - 1 - server->decrypted;
	int n = SSL_read(c->ssl, server->request + server->decrypted, (int)room);

	if (n > 0)
		server->decrypted += (size_t)n;
	if (n > 0 && strstr(server->request, "\r\n\r\n")) {
		const char *answer = server->row->answer ? server->row->answer : OK_ANSWER;
		assert_true(SSL_write(c->ssl, answer, (int)strlen(answer)) > 0);
		flush(c);
		if (server->row->rude)
			hang_up(c);
		return;
	}
	int error = SSL_get_error(c->ssl, n);
	flush(c); /* an alert, perhaps */
	ERR_clear_error();
	if (n <= 0 && error != SSL_ERROR_WANT_READ)
		hang_up(c);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
	struct tls_connection *c = handle->data;

	(void)wanted;
	*ret_buf = uv_buf_init(c->bytes, sizeof(c->bytes));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct tls_connection *c = stream->data;

	if (count < 0) {
		hang_up(c);
		return;
	}
	assert_int_equal(BIO_write(c->in, buf->base, (int)count), (int)count);
	converse(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct tls_server *server = listener->data;
	struct tls_connection *c = &server->pool[server->connections++];

	assert_int_equal(status, 0);
	assert_true(server->connections <= CONNECTIONS);
	c->server = server;
	c->tcp.data = c;
	assert_int_equal(uv_tcp_init(listener->loop, &c->tcp), 0);
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
	c->open = true;
	c->ssl = SSL_new(server->ctx);
	c->in = BIO_new(BIO_s_mem());
	c->out = BIO_new(BIO_s_mem());
	assert_true(c->ssl && c->in && c->out);
	SSL_set_bio(c->ssl, c->in, c->out);
	SSL_set_accept_state(c->ssl);
	assert_int_equal(uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read), 0);
}

static void server_open(struct tls_server *server, uv_loop_t *loop, const struct row *row,
			const struct identity *leaf, X509 *extra)
{
	struct sockaddr_in address;
	int len = sizeof(address);

	server->row = row;
	server->ctx = SSL_CTX_new(TLS_server_method());
	assert_non_null(server->ctx);
	SSL_CTX_set_security_level(server->ctx, 0); /* weak ones are for the client to refuse */
	SSL_CTX_set_min_proto_version(server->ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(server->ctx, row->version_max);
	assert_int_equal(SSL_CTX_use_certificate(server->ctx, leaf->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, leaf->key), 1);
	if (extra)
		assert_int_equal(SSL_CTX_add1_chain_cert(server->ctx, extra), 1);
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_init(loop, &server->listener), 0);
	server->listener.data = server;
	assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 8, on_connection), 0);
	assert_int_equal(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len),
			 0);
	server->port = ntohs(address.sin_port);
}

static void server_close(struct tls_server *server)
{
	uv_close((uv_handle_t *)&server->listener, NULL);
	for (unsigned i = 0; i < server->connections; i++)
		if (server->pool[i].open)
			hang_up(&server->pool[i]);
}

/* ---- a row
 * ---------------------------------------------------------------------------------------------- */

struct probe {
	struct http_exchange x;
	struct http_client *client;
	struct tls_server server;
	int calls;
	bool closed;
};

static void on_closed(void *data)
{
	((struct probe *)data)->closed = true;
}

static void on_done(struct http_exchange *x)
{
	struct probe *p = container_of(x, struct probe, x);

	p->calls++;
	http_client_close(p->client, on_closed, p);
	server_close(&p->server);
}

/* The CA of all rows, made once; its certificate is in `ca_path`. */
static struct identity ca, other_ca, intermediate, expired;
static char ca_path[64], empty_path[64];

static const char *ca_file_of(enum trust trust)
{
	switch (trust) {
	case TRUST_CA: return ca_path;
	case TRUST_SYSTEM: return NULL;
	case TRUST_MISSING_FILE: return "/nonexistent/ca.pem";
	case TRUST_EMPTY_FILE: return empty_path;
	}
	return NULL;
}

static const struct identity *issuer_of(enum chain chain)
{
	switch (chain) {
	case BY_CA: return &ca;
	case BY_ITSELF: return NULL;
	case BY_OTHER_CA: return &other_ca;
	case BY_EXPIRED: return &expired;
	case BY_INTERMEDIATE:
	case BY_UNSENT: return &intermediate;
	}
	return NULL;
}

static void check(const struct row *row, const struct probe *p)
{
	if (p->x.error != row->error || !strstr(p->x.error_text, row->text ? row->text : ""))
		fail_msg("%s: %s", p->x.error ? uv_err_name(p->x.error) : "no error",
			 p->x.error_text);
	assert_int_equal(p->x.class, row->class);
	assert_null(strstr(p->x.error_text, "canary"));
	if (row->class == CLASS_TLS) {
		assert_int_equal(p->server.decrypted, 0);
		return;
	}
	assert_non_null(strstr(p->server.request, "Signature=canary"));
	if (row->error)
		return;
	assert_int_equal(p->x.status, 200);
	assert_string_equal(buf_text(&p->x.response), row->body ? row->body : OK_BODY);
}

static void handshakes_row(void **state)
{
	const struct row *row = *state;
	struct probe *p = calloc(1, sizeof(*p));
	const struct identity *issuer = issuer_of(row->chain);
	bool sent = row->chain == BY_INTERMEDIATE || row->chain == BY_EXPIRED;
	bool dated = row->from_day || row->to_day;
	const struct wish wish = { .common_name = row->host ? row->host : "127.0.0.1",
				   .san = row->san ? row->san : "IP:127.0.0.1",
				   .from_day = dated ? row->from_day : -1,
				   .to_day = dated ? row->to_day : 1,
				   .rsa_bits = row->rsa_bits,
				   .sha1 = row->sha1 };
	struct identity leaf = identity_make(&wish, issuer);
	uv_loop_t loop;
	char url[128];

	assert_non_null(p);
	assert_int_equal(uv_loop_init(&loop), 0);
	server_open(&p->server, &loop, row, &leaf, sent ? issuer->cert : NULL);
	assert_int_equal(http_client_open(&p->client, &loop), 0);
	snprintf(url, sizeof(url), "https://%s:%u/?Signature=canary",
		 row->host ? row->host : "127.0.0.1", p->server.port);
	p->x = (struct http_exchange){ .method = "GET",
				       .url = url,
				       .ca_file = ca_file_of(row->trust),
				       .timeout_ms = 20000,
				       .body_max_bytes = 4096,
				       .done = on_done };
	assert_int_equal(http_client_submit(p->client, &p->x), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_true(p->closed);
	assert_int_equal(p->calls, 1);
	check(row, p);
	http_exchange_clear(&p->x);
	SSL_CTX_free(p->server.ctx);
	identity_finish(&leaf);
	free(p);
}

static int make_authorities(void **state)
{
	(void)state;
	ca = make_authority("imagecat test CA", -100, 100, NULL);
	other_ca = make_authority("imagecat test CA", -100, 100, NULL);
	intermediate = make_authority("intermediate", -10, 10, &ca);
	expired = make_authority("expired intermediate", -10, -1, &ca);

	snprintf(ca_path, sizeof(ca_path), "/tmp/imagecat-test-ca-XXXXXX");
	snprintf(empty_path, sizeof(empty_path), "/tmp/imagecat-test-empty-XXXXXX");
	int empty = mkstemp(empty_path), fd = mkstemp(ca_path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (empty < 0 || !file || PEM_write_X509(file, ca.cert) != 1)
		return -1;
	close(empty);
	return fclose(file);
}

static int forget_authorities(void **state)
{
	(void)state;
	identity_finish(&ca);
	identity_finish(&other_ca);
	identity_finish(&intermediate);
	identity_finish(&expired);
	return unlink(ca_path) + unlink(empty_path);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(handshakes_row, &rows[i]);
	return cmocka_run_group_tests(tests, make_authorities, forget_authorities);
}
