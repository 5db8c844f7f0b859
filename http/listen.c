#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

enum { BACKLOG = 256 };

const char *listen_path(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

/* Splits "host:port" and "[host]:port". */
static bool split(const char *address, char host[static INET6_ADDRSTRLEN], uint16_t *ret_port)
{
	const char *colon = strrchr(address, ':');
	const char *start = address;
	int64_t port;

	if (!colon || !text_to_int(colon + 1, &port) || port < 0 || port > UINT16_MAX)
		return false;
	size_t len = (size_t)(colon - address);
	if (len >= 2 && start[0] == '[' && start[len - 1] == ']') {
		start++;
		len -= 2;
	}
	if (len == 0 || len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(host, start, len);
	host[len] = '\0';
	*ret_port = (uint16_t)port;
	return true;
}

/* The length of the socket address, 0 when the text is no address. */
static socklen_t parse(const char *address, union address *ret)
{
	char host[INET6_ADDRSTRLEN];
	const char *path = listen_path(address);
	uint16_t port;

	memset(ret, 0, sizeof(*ret));
	if (path) {
		size_t len = strlen(path);
		if (len == 0 || len >= sizeof(ret->un.sun_path))
			return 0;
		ret->un.sun_family = AF_UNIX;
		memcpy(ret->un.sun_path, path, len + 1);
		return sizeof(ret->un);
	}
	if (!split(address, host, &port))
		return 0;
	const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
	if (inet_pton(AF_INET, numeric, &ret->in.sin_addr) == 1) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(port);
		return sizeof(ret->in);
	}
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET6, numeric, &ret->in6.sin6_addr) == 1) {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = htons(port);
		return sizeof(ret->in6);
	}
	return 0;
}

bool listen_is_local(const char *address)
{
	union address a;

	if (parse(address, &a) == 0)
		return false;
	if (a.any.sa_family == AF_INET)
		return (ntohl(a.in.sin_addr.s_addr) >> 24) == 127;
	if (a.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a.in6.sin6_addr);
	return true;
}

int listen_port(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len) < 0)
		return 0;
	if (a.any.sa_family == AF_INET)
		return ntohs(a.in.sin_port);
	if (a.any.sa_family == AF_INET6)
		return ntohs(a.in6.sin6_port);
	return 0;
}

/*
 * A socket file that a killed process left behind is in the way of bind(); one that somebody
 * answers on is not ours to take.
 */
static void remove_stale(const union address *a, socklen_t len)
{
	struct stat st;

	if (lstat(a->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, &a->any, len) < 0 && errno == ECONNREFUSED)
		(void)unlink(a->un.sun_path);
	close(fd);
}

/* Binds with the mode already right: no moment at which the socket is open to others. */
static int bind_and_listen(int fd, const union address *a, socklen_t len)
{
	bool file = a->any.sa_family == AF_UNIX;
	mode_t mask = file ? umask(0117) : 0;

	int r = bind(fd, &a->any, len) < 0 ? -errno : 0;
	if (file)
		umask(mask);
	if (r < 0)
		return r;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int listen_open(const char *address, struct error *err)
{
	const int on = 1;
	union address a;
	socklen_t len = parse(address, &a);

	if (len == 0)
		return error_set(err, -EINVAL,
				 "'%s' is no address to listen on: write 127.0.0.1:PORT, "
				 "[::1]:PORT or unix:/PATH",
				 address);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, -errno, "cannot open a socket for %s: %s", address,
				 strerror(errno));
	if (a.any.sa_family == AF_UNIX)
		remove_stale(&a, len);
	else
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	int r = bind_and_listen(fd, &a, len);
	if (r < 0) {
		close(fd);
		return error_set(err, r, "cannot listen on %s: %s", address, strerror(-r));
	}
	return fd;
}
