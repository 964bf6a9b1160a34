/* SPDX-License-Identifier: MIT */
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"

enum { VERSION = 1, KEY_LEN = 32, ID_LEN = 4, NONCE_LEN = 12, TAG_LEN = 16 };
enum { ID_AT = 1, NONCE_AT = ID_AT + ID_LEN, TEXT_AT = NONCE_AT + NONCE_LEN };
enum { LINE_LEN = 2 * KEY_LEN + 1 };

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

enum err_code vault_locate(struct vault *v, const char *db_path, struct err *e)
{
	const char *folder = environment("CREDENTIALS_DIRECTORY");
	const char *file = environment("CONVEY_KEY_FILE");
	char *real = NULL;
	int len;

	*v = (struct vault){.credential = folder != NULL};
	if (folder)
		len = snprintf(v->path, sizeof(v->path), "%s/convey.key", folder);
	else if (file)
		len = snprintf(v->path, sizeof(v->path), "%s", file);
	else
		/* Beside the real file, as its -wal: a symbolic link is no second database. */
		len = snprintf(v->path, sizeof(v->path), "%s.key",
			       (real = realpath(db_path, NULL)) ? real : db_path);
	free(real);
	/* Behind a symbolic link the file is what changes, not the link. */
	if (len > 0 && (size_t)len < sizeof(v->path)) {
		real = realpath(v->path, NULL);
		len = real ? snprintf(v->path, sizeof(v->path), "%s", real) : len;
		free(real);
	}
	if (len < 0 || (size_t)len >= sizeof(v->path))
		return err_set(e, ERR_USAGE, "the path of the key file is too long");
	return ERR_OK;
}

/* systemd hands credentials to an unprivileged service as root's files with an access
 * list, whose mask shows as the group's bits. */
static enum err_code check_owner(const struct vault *v, const struct stat *st,
				 struct err *e)
{
	bool root_hands = v->credential && st->st_uid == 0;
	mode_t others = root_hands ? S_IRWXO : S_IRWXG | S_IRWXO;

	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_DATA, "the key file '%s' is not a file", v->path);
	if (st->st_uid != geteuid() && !root_hands)
		return err_set(
			e, ERR_PERM,
			"the key file '%s' belongs to user %u; run convey as that user",
			v->path, (unsigned)st->st_uid);
	if (st->st_mode & others)
		return err_set(e, ERR_PERM,
			       "others may use the key file '%s' (mode %04o); "
			       "make it the owner's alone: chmod 600",
			       v->path, (unsigned)st->st_mode & 07777);
	return ERR_OK;
}

static bool parse_key(unsigned char *key, const char *line, ssize_t len)
{
	if (len == LINE_LEN && line[LINE_LEN - 1] == '\n')
		len--;
	if (len != LINE_LEN - 1)
		return false;
	for (size_t i = 0; i < KEY_LEN; i++) {
		int high = ascii_nibble(line[2 * i]), low = ascii_nibble(line[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static enum err_code read_key(struct vault *v, int fd, struct err *e)
{
	char line[LINE_LEN + 1];
	ssize_t len = read(fd, line, sizeof(line));
	bool ok = len >= 0 && parse_key(v->key, line, len);

	OPENSSL_cleanse(line, sizeof(line));
	if (len < 0)
		return err_set(e, ERR_IO, "read '%s': %s", v->path, strerror(errno));
	if (!ok)
		return err_set(e, ERR_DATA,
			       "'%s' is no key of convey (64 hex digits and a newline)",
			       v->path);
	return ERR_OK;
}

static enum err_code identify(struct vault *v, struct err *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(v->key, KEY_LEN, digest, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_BUG, "OpenSSL has no SHA-256");
	memcpy(v->id, digest, ID_LEN);
	return ERR_OK;
}

static enum err_code open_file(const struct vault *v, int *fd, struct err *e)
{
	*fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0)
		return ERR_OK;
	if (errno == ENOENT)
		return err_set(e, ERR_NOINPUT,
			       "the key file '%s' does not exist; put it back%s", v->path,
			       v->credential
				       ? ""
				       : ", name its place with CONVEY_KEY_FILE, or, "
					 "if it is lost, make another with: "
					 "convey init --key-lost");
	return err_set(e, errno == EACCES ? ERR_PERM : ERR_IO, "open '%s': %s", v->path,
		       strerror(errno));
}

/* The key at v->path. */
static enum err_code open_here(struct vault *v, struct err *e)
{
	struct stat st;
	int fd;

	if (open_file(v, &fd, e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	if (fstat(fd, &st) != 0)
		err_set(e, ERR_IO, "stat '%s': %s", v->path, strerror(errno));
	if (e->code || check_owner(v, &st, e) != ERR_OK || read_key(v, fd, e) != ERR_OK ||
	    identify(v, e) != ERR_OK)
		vault_close(v);
	close(fd);
	return e->code;
}

enum err_code vault_open(struct vault *v, const char *db_path, struct err *e)
{
	if (vault_locate(v, db_path, e) != ERR_OK)
		return e->code;
	return open_here(v, e);
}

bool vault_open_new(const struct vault *v, struct vault *out)
{
	struct err e = {ERR_OK, ""};
	size_t len = strlen(v->path);

	*out = (struct vault){.credential = false};
	if (v->credential || len + sizeof(".new") > sizeof(out->path))
		return false;
	memcpy(out->path, v->path, len);
	memcpy(out->path + len, ".new", sizeof(".new"));
	return open_here(out, &e) == ERR_OK;
}

void vault_close(struct vault *v)
{
	OPENSSL_cleanse(v, sizeof(*v));
}

static enum err_code write_all(int fd, const char *line, size_t len, const char *path,
			       struct err *e)
{
	ssize_t done = write(fd, line, len);

	if (done != (ssize_t)len || fsync(fd) != 0)
		return err_set(e, ERR_CANTCREAT, "write '%s': %s", path,
			       done >= 0 && (size_t)done < len ? "no space"
							       : strerror(errno));
	return ERR_OK;
}

static enum err_code write_key(int fd, const char *path, struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char key[KEY_LEN];
	char line[LINE_LEN];

	if (RAND_bytes(key, sizeof(key)) != 1)
		return err_set(e, ERR_BUG, "OpenSSL has no random bytes");
	for (size_t i = 0; i < KEY_LEN; i++) {
		line[2 * i] = digits[key[i] >> 4];
		line[2 * i + 1] = digits[key[i] & 15];
	}
	line[LINE_LEN - 1] = '\n';
	e->code = write_all(fd, line, sizeof(line), path, e);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(line, sizeof(line));
	return e->code;
}

enum err_code vault_make_new(const struct vault *v, struct vault *out, struct err *e)
{
	char path[VAULT_PATH_MAX + 4];
	int fd;

	if (v->credential)
		return err_set(e, ERR_PERM,
			       "the key comes from CREDENTIALS_DIRECTORY, where convey "
			       "writes nothing");
	snprintf(path, sizeof(path), "%s.new", v->path);
	unlink(path); /* of a rotation that was cut off before it counted */
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, ERR_CANTCREAT, "cannot create '%s': %s", path,
			       strerror(errno));
	e->code = write_key(fd, path, e);
	close(fd);
	if (e->code || folder_sync_of(path, e) != ERR_OK)
		return e->code;
	if (!vault_open_new(v, out))
		return err_set(e, ERR_IO, "'%s' does not read back", path);
	return ERR_OK;
}

enum err_code vault_adopt_new(const struct vault *v, struct err *e)
{
	char path[VAULT_PATH_MAX + 4];

	snprintf(path, sizeof(path), "%s.new", v->path);
	if (rename(path, v->path) != 0)
		return err_set(e, ERR_IO, "rename '%s': %s", path, strerror(errno));
	return folder_sync_of(path, e);
}

enum err_code vault_create(const char *db_path, bool *created, struct err *e)
{
	char fresh[sizeof(((struct vault *)0)->path) + 8];
	struct vault v;
	int fd;

	*created = false;
	if (vault_locate(&v, db_path, e) != ERR_OK)
		return e->code;
	if (v.credential || access(v.path, F_OK) == 0)
		return ERR_OK;
	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", v.path);
	fd = mkostemp(fresh, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return err_set(e, ERR_CANTCREAT, "cannot create the key file '%s': %s",
			       v.path, strerror(errno));
	if (write_key(fd, fresh, e) == ERR_OK) {
		*created = link(fresh, v.path) == 0;
		if (!*created && errno != EEXIST) /* then another process was faster */
			err_set(e, ERR_CANTCREAT, "cannot create the key file '%s': %s",
				v.path, strerror(errno));
		else /* what is sealed with it must not outlive it */
			e->code = folder_sync_of(v.path, e);
	}
	unlink(fresh);
	close(fd);
	return e->code;
}

/* The place as bytes: no two places have the same. */
static int place_bytes(const struct vault_place *place, unsigned char *out, size_t cap)
{
	return snprintf((char *)out, cap, "%s/%d/%s", place->table, place->destination_id,
			place->field);
}

static bool seal(const struct vault *v, const struct vault_place *place,
		 const struct secret *secret, unsigned char *out, EVP_CIPHER_CTX *ctx)
{
	unsigned char aad[128];
	int aad_len = place_bytes(place, aad, sizeof(aad)), len;

	return aad_len < (int)sizeof(aad) && RAND_bytes(out + NONCE_AT, NONCE_LEN) == 1 &&
	       EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, v->key, out + NONCE_AT) &&
	       EVP_EncryptUpdate(ctx, NULL, &len, aad, aad_len) &&
	       EVP_EncryptUpdate(ctx, out + TEXT_AT, &len, secret->bytes,
				 (int)secret->len) &&
	       EVP_EncryptFinal_ex(ctx, out + TEXT_AT + len, &len) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
				   out + TEXT_AT + secret->len);
}

enum err_code vault_seal(const struct vault *v, const struct vault_place *place,
			 const struct secret *secret, struct buf *out, struct err *e)
{
	unsigned char sealed[VAULT_SEALED_MAX];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok;

	sealed[0] = VERSION;
	memcpy(sealed + ID_AT, v->id, ID_LEN);
	ok = ctx && seal(v, place, secret, sealed, ctx);
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return err_set(e, ERR_BUG, "OpenSSL could not seal a secret");
	buf_add(out, sealed, TEXT_AT + secret->len + TAG_LEN);
	return ERR_OK;
}

/* False where the bytes are not those that were sealed. All that may fail before that is
 * memory, which says nothing about them: then it is a crash, and the next start asks again. */
static bool unseal(const struct vault *v, const struct vault_place *place,
		   const unsigned char *sealed, size_t len, struct secret *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char aad[128], tag[TAG_LEN];
	int aad_len = place_bytes(place, aad, sizeof(aad)), done;
	bool ok;

	out->len = len - TEXT_AT - TAG_LEN;
	memcpy(tag, sealed + len - TAG_LEN, TAG_LEN);
	if (!ctx || aad_len >= (int)sizeof(aad) ||
	    !EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, v->key,
				sealed + NONCE_AT) ||
	    !EVP_DecryptUpdate(ctx, NULL, &done, aad, aad_len) ||
	    !EVP_DecryptUpdate(ctx, out->bytes, &done, sealed + TEXT_AT, (int)out->len) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag))
		abort();
	ok = EVP_DecryptFinal_ex(ctx, out->bytes + done, &done) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* Another process may have put a new key in place, or be about to. */
static bool find_key(const struct vault *v, const unsigned char *id, struct vault *out)
{
	struct err e = {ERR_OK, ""};

	*out = *v;
	if (memcmp(id, v->id, ID_LEN) == 0)
		return true;
	if (open_here(out, &e) == ERR_OK && memcmp(id, out->id, ID_LEN) == 0)
		return true;
	vault_close(out);
	if (vault_open_new(v, out) && memcmp(id, out->id, ID_LEN) == 0)
		return true;
	vault_close(out);
	return false;
}

enum err_code vault_unseal(const struct vault *v, const struct vault_place *place,
			   struct str sealed, struct secret *out, struct err *e)
{
	const unsigned char *bytes = (const unsigned char *)sealed.p;
	struct vault key;
	bool ok;

	if (sealed.len < TEXT_AT + TAG_LEN || sealed.len > VAULT_SEALED_MAX ||
	    bytes[0] != VERSION)
		return err_set(e, ERR_CORRUPT, "%s of destination %d is no sealed value",
			       place->field, place->destination_id);
	if (!find_key(v, bytes + ID_AT, &key))
		return err_set(
			e, ERR_CONFIG,
			"%s of destination %d was sealed with another key than '%s'; "
			"put the right key file back, or set the token again",
			place->field, place->destination_id, v->path);
	ok = unseal(&key, place, bytes, sealed.len, out);
	vault_close(&key);
	if (ok)
		return ERR_OK;
	secret_fini(out);
	return err_set(
		e, ERR_CORRUPT,
		"%s of destination %d does not open: its sealed bytes were changed; "
		"set the token again",
		place->field, place->destination_id);
}
