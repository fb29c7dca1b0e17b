#include "tier/ids.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "feed/span.h"

#define FILE_NAME  "ids.vault"
#define DIGITS_LEN (2 * STATUTORY_ID_LEN)

int ids_load(struct ids *ids, const struct vault *vault)
{
    uint8_t *bytes;
    size_t len;
    memset(ids, 0, sizeof *ids);
    int err = vault_get(vault, FILE_NAME, &bytes, &len);
    if (err < 0)
        return err == ERR_NOENT ? 0 : err;
    bytes_add(&ids->lines, bytes, len);
    sodium_memzero(bytes, len);
    free(bytes);
    return bytes_ok(&ids->lines) ? 0 : ERR_NOMEM;
}

void ids_done(struct ids *ids)
{
    bytes_done(&ids->lines);
}

void ids_add(struct ids *ids, const struct hash_keys *keys, const struct name_key *host, const char *text,
             int64_t since_s)
{
    uint8_t opaque[NAME_MAX_LEN];
    char since[32];
    int since_len = snprintf(since, sizeof since, " %" PRId64 "\n", since_s);
    hash_opaque_name(keys, host->bytes, host->len, opaque);
    bytes_add(&ids->lines, opaque + 1, DIGITS_LEN); /* behind the length of its first label */
    bytes_add_u8(&ids->lines, ' ');
    bytes_add(&ids->lines, text, strlen(text));
    bytes_add(&ids->lines, since, (size_t)since_len);
}

const char *ids_find(const struct ids *ids, const char *digits, size_t *out_len)
{
    struct span rest = {ids->lines.data, ids->lines.len};
    while (rest.len > 0) {
        struct span line = span_cut(&rest, '\n');
        if (line.len <= DIGITS_LEN + 1 || memcmp(line.at, digits, DIGITS_LEN) != 0)
            continue;
        struct span behind = {line.at + DIGITS_LEN + 1, line.len - DIGITS_LEN - 1};
        struct span host = span_cut(&behind, ' ');
        *out_len = host.len;
        return (const char *)host.at;
    }
    return NULL;
}

/* A line and how early it came: of two about one id the older says since when. */
struct line {
    struct span text;
    size_t order;
};

static int by_id(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = memcmp(x->text.at, y->text.at, DIGITS_LEN);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static size_t cut_lines(const struct ids *ids, struct line *out)
{
    struct span rest = {ids->lines.data, ids->lines.len};
    size_t count = 0;
    while (rest.len > 0) {
        struct span text = span_cut(&rest, '\n');
        if (text.len <= DIGITS_LEN)
            continue;
        if (out != NULL)
            out[count] = (struct line){text, count};
        count++;
    }
    return count;
}

int ids_save(struct ids *ids, const struct vault *vault)
{
    struct bytes content = {0};
    struct line *lines = calloc(cut_lines(ids, NULL) + 1, sizeof *lines);
    if (lines == NULL || !bytes_ok(&ids->lines)) {
        free(lines);
        return ERR_NOMEM;
    }
    size_t count = cut_lines(ids, lines);
    qsort(lines, count, sizeof *lines, by_id);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && memcmp(lines[i - 1].text.at, lines[i].text.at, DIGITS_LEN) == 0)
            continue;
        bytes_add(&content, lines[i].text.at, lines[i].text.len);
        bytes_add_u8(&content, '\n');
    }
    free(lines);
    int err = bytes_ok(&content) ? vault_put(vault, FILE_NAME, content.data, content.len) : ERR_NOMEM;
    bytes_done(&content);
    return err;
}
