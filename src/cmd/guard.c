/* SPDX-License-Identifier: MIT */
#include "cmd/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/endpoint.h"

/* The database, requests under way, who asks at the admin's door, and room. */
enum { FILES_MIN = 128 };

void guard_process(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	unsetenv(
		"SSLKEYLOGFILE"); /* libcurl would write the keys of its sessions there */
}

enum err_code guard_files(struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES_MIN)
		return ERR_OK;
	if (files.rlim_max >= FILES_MIN) {
		files.rlim_cur = FILES_MIN;
		if (setrlimit(RLIMIT_NOFILE, &files) == 0)
			return ERR_OK;
	}
	return err_set(e, ERR_CONFIG,
		       "it may open %llu files and needs %d: raise the limit (ulimit -n "
		       "1024, or LimitNOFILE=1024 in the unit)",
		       (unsigned long long)files.rlim_max, FILES_MIN);
}

/* Scheme and host, of which case tells nothing: up to the first slash behind both of its own. */
static void fold(char *url)
{
	for (int slashes = 0; *url && (slashes += *url == '/') < 3; url++)
		*url = ascii_lower(*url);
}

enum err_code guard_endpoint(char out[ENDPOINT_MAX], struct err *e)
{
	const char *given = getenv("CONVEY_ENDPOINT");
	struct str url = str_of(given && given[0] ? given : TIKTOK_ENDPOINT);

	while (url.len > 0 && url.p[url.len - 1] == '/')
		url.len--;
	if (url.len < ENDPOINT_MAX) {
		snprintf(out, ENDPOINT_MAX, "%.*s", STR_ARG(url));
		fold(out);
		if (endpoint_allowed(str_of(out)))
			return ERR_OK;
	}
	return err_set(
		e, ERR_CONFIG,
		"CONVEY_ENDPOINT must be https to a name below tiktok.com or to this "
		"machine, or plain http to a loopback address such as "
		"http://127.0.0.1:8080");
}

enum err_code guard_secret(struct str text, const char *what, struct secret *out,
			   struct err *e)
{
	text = str_trim(text);
	if (text.len == 0)
		return err_set(e, ERR_DATA, "there is no %s in it", what);
	if (text.len > SECRET_MAX)
		return err_set(e, ERR_DATA, "the %s is longer than %d bytes", what,
			       SECRET_MAX);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] <= 0x20 || (unsigned char)text.p[i] >= 0x7f)
			return err_set(
				e, ERR_DATA,
				"that is no %s: byte %zu is blank or not printable", what,
				i + 1);
	memcpy(out->bytes, text.p, text.len);
	out->len = text.len;
	return ERR_OK;
}

enum err_code guard_secret_file(const char *path, const char *what, struct secret *out,
				struct err *e)
{
	char bytes[SECRET_MAX + 256];
	size_t len = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT,
			       "open '%s': %s", path, strerror(errno));
	while (len < sizeof(bytes) &&
	       (got = read(fd, bytes + len, sizeof(bytes) - len)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	e->code = ERR_OK;
	if (got < 0)
		err_set(e, errno == EISDIR ? ERR_NOINPUT : ERR_IO, "read '%s': %s", path,
			strerror(errno));
	else if (guard_secret(str_make(bytes, len), what, out, e) != ERR_OK)
		err_wrap(e, "'%s'", path);
	close(fd);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return e->code;
}
