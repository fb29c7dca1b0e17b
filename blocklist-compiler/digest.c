#include "blocklist-compiler/digest.h"

#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define NOTE_MAX 64

struct digest_state {
    XXH3_state_t *xxh3;
};

struct digest_state *digest_new(void)
{
    struct digest_state *state = malloc(sizeof *state);
    if (state == NULL)
        return NULL;
    state->xxh3 = XXH3_createState();
    if (state->xxh3 == NULL) {
        free(state);
        return NULL;
    }
    XXH3_128bits_reset(state->xxh3);
    return state;
}

void digest_add(struct digest_state *state, const void *bytes, size_t len)
{
    XXH3_128bits_update(state->xxh3, bytes, len);
}

void digest_add_number(struct digest_state *state, uint64_t number)
{
    digest_add(state, &number, sizeof number);
}

void digest_add_text(struct digest_state *state, const char *text)
{
    digest_add_number(state, text == NULL ? UINT64_MAX : strlen(text));
    if (text != NULL)
        digest_add(state, text, strlen(text));
}

struct digest digest_end(struct digest_state *state)
{
    struct digest out;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state->xxh3));
    memcpy(out.bytes, canonical.digest, DIGEST_LEN);
    XXH3_freeState(state->xxh3);
    free(state);
    return out;
}

int digest_bytes(const void *bytes, size_t len, struct digest *out)
{
    struct digest_state *state = digest_new();
    if (state == NULL)
        return ERR_NOMEM;
    digest_add(state, bytes, len);
    *out = digest_end(state);
    return 0;
}

static int add_file(struct digest_state *state, const char *path)
{
    uint8_t block[1 << 16];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOENT : ERR_IO;
    while ((got = read(fd, block, sizeof block)) > 0)
        digest_add(state, block, (size_t)got);
    close(fd);
    return got < 0 ? ERR_IO : 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_folder(struct digest_state *state, const char *path)
{
    char *copy = strdup(path);
    char *const paths[] = {copy, NULL};
    FTS *walk = copy == NULL ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL) {
        free(copy);
        return ERR_NOMEM;
    }
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info != FTS_F && entry->fts_info != FTS_SL)
            continue;
        digest_add_text(state, entry->fts_path + strlen(path));
        digest_add_number(state, (uint64_t)entry->fts_statp->st_size);
        digest_add_number(state, (uint64_t)entry->fts_statp->st_mtim.tv_sec);
        digest_add_number(state, (uint64_t)entry->fts_statp->st_mtim.tv_nsec);
    }
    fts_close(walk);
    free(copy);
    return 0;
}

int digest_path(const char *path, struct digest *out)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT ? ERR_NOENT : ERR_IO;
    struct digest_state *state = digest_new();
    if (state == NULL)
        return ERR_NOMEM;
    int err = S_ISDIR(st.st_mode) ? add_folder(state, path) : add_file(state, path);
    struct digest made = digest_end(state);
    if (err == 0)
        *out = made;
    return err;
}

void digest_to_text(const struct digest *digest, char out[2 * DIGEST_LEN + 1])
{
    for (size_t i = 0; i < DIGEST_LEN; i++)
        snprintf(out + 2 * i, 3, "%02x", digest->bytes[i]);
}

static void note_text(uint64_t generation, const struct digest *inputs, char out[NOTE_MAX])
{
    char text[2 * DIGEST_LEN + 1];
    digest_to_text(inputs, text);
    snprintf(out, NOTE_MAX, "%" PRIu64 " %s\n", generation, text);
}

bool digest_is_noted(const char *folder, uint64_t generation, const struct digest *inputs)
{
    char path[PATH_MAX], expected[NOTE_MAX], noted[NOTE_MAX] = "";
    if (snprintf(path, sizeof path, "%s/inputs", folder) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    note_text(generation, inputs, expected);
    bool same = fgets(noted, sizeof noted, file) != NULL && strcmp(noted, expected) == 0;
    fclose(file);
    return same;
}

int digest_note(const char *folder, uint64_t generation, const struct digest *inputs)
{
    char path[PATH_MAX], made[PATH_MAX], text[NOTE_MAX];
    if (snprintf(path, sizeof path, "%s/inputs", folder) >= (int)sizeof path ||
        snprintf(made, sizeof made, "%s/inputs-new", folder) >= (int)sizeof made)
        return ERR_LIMIT;
    FILE *file = fopen(made, "we");
    if (file == NULL)
        return errno == EACCES ? ERR_ACCESS : ERR_IO;
    note_text(generation, inputs, text);
    bool written = fputs(text, file) != EOF;
    written &= fclose(file) == 0;
    /* A note that a power cut loses costs one needless compile, so it is not synced. */
    if (!written || rename(made, path) < 0)
        return errno == ENOSPC ? ERR_NOSPACE : ERR_IO;
    return 0;
}
