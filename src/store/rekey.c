/* SPDX-License-Identifier: MIT */
#include "store/rekey.h"

#include <string.h>

#include "store/credential.h"
#include "store/setting.h"

static int64_t id_of(const struct vault *v)
{
	return (int64_t)v->id[0] << 24 | v->id[1] << 16 | v->id[2] << 8 | v->id[3];
}

/* With a key that opens nothing of what is kept, something new would be sealed that whoever
 * has the right one cannot read: somebody looked for it in the wrong place, or lost it. */
static enum err_code check_opens(struct db *db, const struct vault *vault, struct err *e)
{
	int sealed = 0, foreign = 0;

	if (credential_foreign(db, vault, &sealed, &foreign, e) != ERR_OK ||
	    sealed == 0 || foreign < sealed)
		return e->code;
	return err_set(e, ERR_NOINPUT,
		       "no secret here opens with this key: name the right one with "
		       "CONVEY_KEY_FILE (the service's: conveyctl), or, if it is lost: "
		       "convey init --key-lost; this one: '%s'",
		       vault->path);
}

enum err_code rekey_open(struct db *db, const char *db_path, struct vault *vault,
			 struct err *e)
{
	struct vault fresh = {.credential = false};
	int64_t id;

	if (setting_int(db, "key_id", -1, &id, e) != ERR_OK ||
	    vault_open(vault, db_path, e) != ERR_OK)
		return e->code;
	if (id == id_of(vault))
		return ERR_OK;
	if (id < 0) { /* it was never changed */
		e->code = check_opens(db, vault, e);
	} else if (vault_open_new(vault, &fresh) && id == id_of(&fresh)) {
		e->code = vault_adopt_new(vault, e);
		memcpy(vault->key, fresh.key, sizeof(vault->key));
		memcpy(vault->id, fresh.id, sizeof(vault->id));
	} else if (vault->credential) {
		/* systemd's copy may be older than the key: it decides nothing. */
		err_set(e, ERR_CONFIG,
			"'%s' is not the key that secrets are sealed with; after convey "
			"key rotate: systemctl restart convey",
			vault->path);
	} else if (check_opens(db, vault, e) == ERR_OK) {
		/* An earlier one is back: what is sealed from now on has it. */
		e->code = setting_set_int(db, "key_id", id_of(vault), e);
	}
	vault_close(&fresh);
	if (e->code)
		vault_close(vault);
	return e->code;
}

enum err_code rekey_check(struct db *db, const char *db_path, struct err *e)
{
	struct vault vault;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (rekey_open(db, db_path, &vault, e) == ERR_OK)
		vault_close(&vault);
	db_rollback(db);
	return e->code;
}

enum err_code rekey_adopt(struct db *db, const struct vault *vault, struct err *e)
{
	return setting_set_int(db, "key_id", id_of(vault), e);
}

static enum err_code change(struct db *db, const struct vault *old, struct vault *fresh,
			    int *secrets, struct err *e)
{
	if (credential_reseal(db, old, fresh, secrets, e) != ERR_OK ||
	    setting_set_int(db, "key_id", id_of(fresh), e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

static enum err_code commit_change(struct db *db, const struct vault *old, int *secrets,
				   struct err *e)
{
	struct vault fresh;

	if (vault_make_new(old, &fresh, e) == ERR_OK &&
	    change(db, old, &fresh, secrets, e) == ERR_OK)
		e->code = db_commit(db, e);
	vault_close(&fresh);
	return e->code;
}

/* What a KEY.new still opens must be sealed with KEY before another takes its place. */
static enum err_code first_step(struct db *db, const char *db_path, bool dry_run,
				bool *again, int *secrets, struct err *e)
{
	int sealed = 0, foreign = 0;
	struct vault old;

	*again = false;
	if (rekey_open(db, db_path, &old, e) != ERR_OK)
		return e->code;
	if (credential_foreign(db, &old, &sealed, &foreign, e) == ERR_OK)
		*again = !dry_run && foreign > 0;
	if (e->code == ERR_OK && dry_run)
		e->code = credential_reseal(db, &old, &old, secrets, e);
	else if (e->code == ERR_OK && !*again)
		e->code = commit_change(db, &old, secrets, e);
	else if (e->code == ERR_OK &&
		 credential_reseal(db, &old, &old, secrets, e) == ERR_OK)
		e->code = db_commit(db, e);
	vault_close(&old);
	return e->code;
}

enum err_code rekey(struct db *db, const char *db_path, bool dry_run, int *secrets,
		    struct err *e)
{
	struct vault vault;
	bool again = true;

	while (again) {
		if (db_begin(db, e) != ERR_OK)
			return e->code;
		e->code = first_step(db, db_path, dry_run, &again, secrets, e);
		db_rollback(db);
		if (e->code)
			return e->code;
	}
	if (dry_run)
		return ERR_OK;
	/* The name changes under the lock too: nobody else's KEY.new may be taken. */
	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (rekey_open(db, db_path, &vault, e) == ERR_OK)
		vault_close(&vault);
	db_rollback(db);
	return e->code;
}
