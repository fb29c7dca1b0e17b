#include "operator/unveil.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"
#include "belisha/statutory_format.h"
#include "tier/ids.h"

#define KEY_FILE "vault.key"
#define DIGITS   (2 * STATUTORY_ID_LEN)
#define ZONE     ".statutory.invalid"

struct unveil {
    char folder[PATH_MAX];
    struct vault vault;
    struct ids ids;
    char host[NAME_TEXT_MAX];
    size_t told;
};

static int folder_of(const char *generation, char out[PATH_MAX])
{
    const char *slash = strrchr(generation, '/');
    if (slash == NULL || slash - generation >= PATH_MAX)
        return ERR_LIMIT;
    snprintf(out, PATH_MAX, "%.*s", (int)(slash - generation), generation);
    return 0;
}

/* Who makes lists makes this key where it is missing; here it is only read. */
static int key_read(const char *folder, uint8_t out[VAULT_KEY_LEN])
{
    char path[PATH_MAX + sizeof KEY_FILE + 1];
    char *bytes;
    size_t len;
    snprintf(path, sizeof path, "%s/" KEY_FILE, folder);
    int code = file_read_path(path, VAULT_KEY_LEN + 1, &bytes, &len);
    if (code < 0)
        return code;
    code = len == VAULT_KEY_LEN ? 0 : ERR_DAMAGED;
    if (code == 0)
        memcpy(out, bytes, VAULT_KEY_LEN);
    sodium_memzero(bytes, len);
    free(bytes);
    return code;
}

int unveil_open(const char *generation, struct unveil **out)
{
    struct unveil *unveil = calloc(1, sizeof *unveil);
    if (unveil == NULL)
        return ERR_NOMEM;
    int code = folder_of(generation, unveil->folder);
    unveil->vault.dir = unveil->folder;
    if (code == 0)
        code = key_read(unveil->folder, unveil->vault.key);
    if (code == 0)
        code = ids_load(&unveil->ids, &unveil->vault);
    sodium_memzero(unveil->vault.key, sizeof unveil->vault.key);
    if (code < 0)
        unveil_close(unveil);
    else
        *out = unveil;
    return code;
}

void unveil_close(struct unveil *unveil)
{
    if (unveil == NULL)
        return;
    if (unveil->ids.lines.data != NULL)
        sodium_memzero(unveil->ids.lines.data, unveil->ids.lines.len);
    ids_done(&unveil->ids);
    sodium_memzero(unveil, sizeof *unveil);
    free(unveil);
}

/* "0123456789abcdef.statutory.invalid" */
static bool is_id(const char *name, size_t len)
{
    const size_t zone = sizeof ZONE - 1;
    return len == DIGITS + zone && memcmp(name + DIGITS, ZONE, zone) == 0;
}

const char *unveil_name(void *ctx, const char *name, size_t len)
{
    struct unveil *unveil = ctx;
    size_t host_len;
    if (!is_id(name, len))
        return NULL;
    const char *host = ids_find(&unveil->ids, name, &host_len);
    if (host == NULL || host_len >= sizeof unveil->host - 1)
        return NULL;
    memcpy(unveil->host, host, host_len);
    unveil->host[host_len] = '\0';
    unveil->told++;
    return unveil->host;
}

size_t unveil_count(const struct unveil *unveil)
{
    return unveil->told;
}
