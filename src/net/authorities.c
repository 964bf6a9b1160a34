/* SPDX-License-Identifier: MIT */
#include "net/authorities.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

enum err_code authorities_check(const char *file, struct err *e)
{
	X509_STORE *store;

	e->code = ERR_OK;
	if (!file)
		return ERR_OK;
	store = X509_STORE_new();
	if (!store)
		abort();
	if (X509_STORE_load_file(store, file) != 1)
		err_set(e, access(file, R_OK) == 0 ? ERR_DATA : ERR_NOINPUT,
			"--ca-file '%s' cannot be read, or holds no certificate (PEM)",
			file);
	X509_STORE_free(store);
	ERR_clear_error();
	return e->code;
}
