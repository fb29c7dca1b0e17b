/*
 * Which host an id of the query log means: every host that was ever listed, in the vault file `ids.vault`, one line each,
 * "<16 hexadecimal digits> <host> <since, s since 1970>". Nothing reads it but what makes a sealed export; hosts that were
 * taken off the list stay, since log rows about them do.
 *
 * Memory: owned by the struct. Threads: one at a time.
 */
#ifndef TIER_IDS_H
#define TIER_IDS_H

#include "dns/key.h"
#include "publish/bytes.h"
#include "statutory/hash.h"
#include "tier/vault.h"

struct ids {
    struct bytes lines; /* all, those of before first */
};

/* ERR_NOENT is no error: there are none yet. ERR_DAMAGED, ERR_NOMEM, ERR_IO, ERR_ACCESS. */
ERR_CHECKED int ids_load(struct ids *ids, const struct vault *vault);
void ids_done(struct ids *ids);

/* Memory that is missing shows in ids_save(). */
void ids_add(struct ids *ids, const struct hash_keys *keys, const struct name_key *host, const char *text,
             int64_t since_s);
/* The host that 16 digits mean, as it was listed; NULL: nobody knows. Points into ids; not zero-terminated. */
const char *ids_find(const struct ids *ids, const char *digits, size_t *out_len);
/* Errors of vault_put(). */
ERR_CHECKED int ids_save(struct ids *ids, const struct vault *vault);

#endif
