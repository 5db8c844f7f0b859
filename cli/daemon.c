#include "cli/daemon.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "cli/command.h"
#include "config/secrets.h"

#define DEFAULT_CONFIG "/etc/imagecat/imagecat.yaml"

enum { ANSWER_MAX = 1 << 20, WAIT_S = 120 }; /* a reload reads keys and waits for the disk */

/* What was not said is what the daemon itself was told; it may be out of our sight. */
static int complete(struct daemon *daemon, struct config **config)
{
	struct buf diagnostics;
	const char *file = daemon->config ? daemon->config : DEFAULT_CONFIG;

	if (!daemon->address)
		daemon->address = getenv("IMAGECAT_HTTP");
	if (daemon->address && daemon->token_file)
		return CLI_OK;
	buf_init(&diagnostics);
	int rc = config_load(config, file, NULL, CONFIG_SECTIONS, &diagnostics);
	if (rc < 0)
		fputs(buf_text(&diagnostics), stderr);
	buf_finish(&diagnostics);
	if (rc < 0)
		return complain(CLI_ERROR, "where does imagecatd listen, and which token does it "
					   "want? Say it with --http and --token-file");
	if (!daemon->address)
		daemon->address = (*config)->http.listen;
	if (!daemon->token_file)
		daemon->token_file = (*config)->http.token_file;
	if (!daemon->token_file)
		return complain(CLI_ERROR,
				"imagecatd takes commands from those who have its token: "
				"set http.token_file in '%s'",
				file);
	return strcmp(daemon->address, "off") == 0
		       ? complain(CLI_ERROR, "imagecatd serves no HTTP: http.listen is off")
		       : CLI_OK;
}

/* ---- the socket ---------------------------------------------------------------------------- */

static int connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = -ENAMETOOLONG;

	if (strlen(path) >= sizeof(address.sun_path))
		return fd;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd < 0 ? -errno : fd;
}

/* A daemon that listens everywhere is here as well. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

static int connect_first(const struct addrinfo *list)
{
	int rc = -ECONNREFUSED;

	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			return fd;
		rc = -errno;
		if (fd >= 0)
			close(fd);
	}
	return rc;
}

static int connect_host(const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const char *colon = strrchr(address, ':');
	char host[256];

	if (!colon || colon == address || (size_t)(colon - address) >= sizeof(host))
		return -EINVAL;
	size_t len = (size_t)(colon - address);
	if (address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	memcpy(host, address, len);
	host[len] = '\0';
	if (getaddrinfo(reachable(host), colon + 1, &hints, &list) != 0)
		return -EHOSTUNREACH;
	int fd = connect_first(list);
	freeaddrinfo(list);
	return fd;
}

/* The descriptor, or a negative errno. */
static int connect_to(const char *address)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	int fd = strncmp(address, "unix:", 5) == 0 ? connect_path(address + 5)
						   : connect_host(address);

	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	}
	return fd;
}

static int send_all(int fd, const struct buf *request)
{
	for (size_t sent = 0; sent < request->len;) {
		ssize_t n = send(fd, request->bytes + sent, request->len - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	return 0;
}

/* Until the daemon closes, which it was asked to. */
static int receive_all(int fd, struct buf *answer)
{
	char bytes[4096];

	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return answer->failed ? -ENOMEM : 0;
		if (answer->len > ANSWER_MAX)
			return -EFBIG;
		buf_put(answer, bytes, (size_t)n);
	}
}

/* ---- the exchange -------------------------------------------------------------------------- */

static void put_request(struct buf *out, const struct daemon *daemon, const char *path,
			const char *listing, const struct secret *token)
{
	struct buf form;

	buf_init(&form);
	if (listing) {
		buf_puts(&form, "listing=");
		crypto_put_percent(&form, listing, strlen(listing));
	}
	buf_printf(out,
		   "POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: imagecat/"
		   "%s\r\nAuthorization: Bearer ",
		   path, strncmp(daemon->address, "unix:", 5) == 0 ? "localhost" : daemon->address,
		   IMAGECAT_VERSION);
	buf_put(out, token->bytes, token->len);
	buf_printf(out,
		   "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu"
		   "\r\n\r\n%s",
		   form.len, buf_text(&form));
	out->failed |= form.failed;
	buf_finish(&form);
}

/* The text of "detail" in a problem, as it is said: our own sentence, one line. */
static void put_detail(struct buf *out, const char *body)
{
	static const char key[] = "\"detail\":\"";
	const char *at = strstr(body, key);

	for (at = at ? at + strlen(key) : ""; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		buf_putc(out, *at);
	}
}

static int judge(const struct daemon *daemon, const struct buf *answer, struct buf *ret_body)
{
	const char *text = buf_text(answer), *body = strstr(text, "\r\n\r\n");
	bool http = body && strncmp(text, "HTTP/1.", 7) == 0 && text[7];
	long status = http ? strtol(text + 8, NULL, 10) : 0;
	struct buf detail;

	if (status / 100 == 2) {
		buf_puts(ret_body, body + 4);
		return CLI_OK;
	}
	if (status == 0)
		return complain(CLI_ERROR, "what answers at %s is not imagecatd", daemon->address);
	buf_init(&detail);
	put_detail(&detail, body + 4);
	if (status == 401)
		complain(CLI_ERROR, "imagecatd refused the token of '%s'", daemon->token_file);
	else if (detail.len > 0)
		complain(CLI_ERROR, "%s", buf_text(&detail));
	else
		complain(CLI_ERROR, "imagecatd answered with status %ld", status);
	buf_finish(&detail);
	return status == 404 && answer->len > 0 ? CLI_NOT_FOUND : CLI_ERROR;
}

static int exchange(const struct daemon *daemon, const struct buf *request, struct buf *answer)
{
	int fd = connect_to(daemon->address);

	if (fd == -EINVAL)
		return complain(CLI_USAGE, "'%s' is no address: it is HOST:PORT or unix:/PATH",
				daemon->address);
	if (fd < 0)
		return complain(CLI_ERROR, "imagecatd does not answer at %s: %s", daemon->address,
				strerror(-fd));
	int rc = send_all(fd, request);
	if (rc == 0)
		rc = receive_all(fd, answer);
	close(fd);
	return rc < 0 ? complain(CLI_ERROR, "imagecatd at %s: %s", daemon->address, strerror(-rc))
		      : CLI_OK;
}

static int post(const struct daemon *daemon, const char *path, const char *listing,
		struct buf *ret_body)
{
	struct secret token = { 0 };
	struct error err = { 0 };
	struct buf request, answer;

	if (secret_read(&token, &(struct config_secret){ .file = daemon->token_file }, &err) < 0)
		return complain(CLI_ERROR, "%s", err.text);
	buf_init(&request);
	buf_init(&answer);
	put_request(&request, daemon, path, listing, &token);
	secret_wipe(&token);
	int status = request.failed ? complain(CLI_ERROR, "out of memory")
				    : exchange(daemon, &request, &answer);
	crypto_finish(&request);
	if (status == CLI_OK)
		status = judge(daemon, &answer, ret_body);
	buf_finish(&answer);
	return status;
}

int daemon_post(const struct daemon *given, const char *path, const char *listing,
		struct buf *ret_body)
{
	struct daemon daemon = *given;
	struct config *config = NULL;

	int status = complete(&daemon, &config);
	if (status == CLI_OK)
		status = post(&daemon, path, listing, ret_body);
	config_free(config);
	return status;
}

const char *daemon_listing(struct buf *out, char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", words[i]);
	return out->len > 0 && !out->failed ? buf_text(out) : NULL;
}
