#include "session/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/digest.h"

#define HASHED "sha256:"

struct token {
    struct speaker speaker;
    uint8_t digest[DIGEST_SHA256_LEN];
};

struct token_table {
    size_t count;
    struct token tokens[];
};

static int refuse(const struct token_opts *opts, const char *what, char why[SECRET_WHY_MAX])
{
    snprintf(why, SECRET_WHY_MAX, "the token in '%.160s' %s", opts->file, what);
    return ERR_MALFORMED;
}

static bool digest_from_text(const char *text, uint8_t out[DIGEST_SHA256_LEN])
{
    if (strlen(text) != 2 * DIGEST_SHA256_LEN || strspn(text, "0123456789abcdefABCDEF") != 2 * DIGEST_SHA256_LEN)
        return false;
    for (size_t i = 0; i < DIGEST_SHA256_LEN; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static int read_token(const struct token_opts *opts, uint8_t out[DIGEST_SHA256_LEN], char why[SECRET_WHY_MAX])
{
    struct secret secret;
    int err = secret_read(opts->file, &secret, why);
    if (err < 0)
        return err;
    size_t len = strlen(secret.text);
    if (strncmp(secret.text, HASHED, strlen(HASHED)) == 0)
        err = digest_from_text(secret.text + strlen(HASHED), out)
                  ? 0
                  : refuse(opts, "must be sha256: and 64 hex digits", why);
    else if (len < TOKEN_LEN_MIN || len > TOKEN_LEN_MAX || strpbrk(secret.text, " \t\n") != NULL)
        err = refuse(opts, "must be 16 to 512 characters without blanks", why);
    else
        err = digest_sha256(secret.text, len, out);
    secret_wipe(&secret);
    return err;
}

static int fill(struct token *token, const struct token_opts *opts, char why[SECRET_WHY_MAX])
{
    char origin[128];
    size_t bytes = opts->network_count * sizeof opts->networks[0];
    struct prefix *networks = malloc(bytes + 1);
    snprintf(origin, sizeof origin, "token/%.100s", opts->name);
    token->speaker = (struct speaker){.origin = strdup(origin),
                                      .networks = networks,
                                      .network_count = opts->network_count,
                                      .own_address = opts->own_address};
    if (networks == NULL || token->speaker.origin == NULL)
        return ERR_NOMEM;
    if (bytes > 0)
        memcpy(networks, opts->networks, bytes);
    return read_token(opts, token->digest, why);
}

int token_table_new(const struct token_opts opts[], size_t count, struct token_table **out, char why[SECRET_WHY_MAX])
{
    struct token_table *table = calloc(1, sizeof *table + count * sizeof table->tokens[0]);
    why[0] = '\0';
    if (table == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        table->count++;
        int err = fill(&table->tokens[i], &opts[i], why);
        if (err < 0) {
            token_table_free(table);
            return err;
        }
    }
    *out = table;
    return 0;
}

void token_table_free(struct token_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++) {
        free((void *)(uintptr_t)table->tokens[i].speaker.origin);
        free((void *)(uintptr_t)table->tokens[i].speaker.networks);
    }
    free(table);
}

const struct speaker *token_find(const struct token_table *table, const char *token, size_t len)
{
    uint8_t digest[DIGEST_SHA256_LEN];
    const struct speaker *found = NULL;
    if (len > TOKEN_LEN_MAX || digest_sha256(token, len, digest) < 0)
        return NULL;
    for (size_t i = 0; i < table->count; i++) /* all of them, whichever it is */
        if (digest_equal(digest, table->tokens[i].digest, sizeof digest))
            found = &table->tokens[i].speaker;
    return found;
}
