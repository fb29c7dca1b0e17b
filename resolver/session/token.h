/*
 * Who may say over the local API that somebody is somewhere: programs with a token, and users of this machine.
 *
 * A token's file holds the token itself (16 bytes or more, without blanks), or "sha256:" and the digest of it in 64 hex
 * digits: then nobody learns the token from the file. Here only digests are kept.
 *
 * Memory:  the table owns copies of all it was given. Threads: immutable once made.
 */
#ifndef SESSION_TOKEN_H
#define SESSION_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ipaddr.h"
#include "base/secret.h"
#include "belisha/err.h"

#define TOKEN_LEN_MIN 16
#define TOKEN_LEN_MAX 512

/* One who may speak, and for whom. */
struct speaker {
    const char *origin;            /* "token/portal", "user/www-data": of all sessions it begins */
    const struct prefix *networks; /* the addresses it may speak for; none: all */
    size_t network_count;
    bool own_address; /* only the one it calls from */
};

struct token_opts {
    const char *name;
    const char *file;
    const struct prefix *networks;
    size_t network_count;
    bool own_address;
};

struct token_table;

/* Reads the files. why (SECRET_WHY_MAX bytes) gets a sentence on failure. Errors of secret_read(), ERR_NOMEM. */
ERR_CHECKED int token_table_new(const struct token_opts opts[], size_t count, struct token_table **out,
                                char why[SECRET_WHY_MAX]);
void token_table_free(struct token_table *table); /* NULL is nothing */

/* Whose token it is; NULL: nobody's. How long it takes tells nothing about the tokens. */
const struct speaker *token_find(const struct token_table *table, const char *token, size_t len);

#endif
