#include "change/versions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"

#define MODE 0444
#define FORM "%06" PRIu32 ".yaml"

void versions_hash(const char *text, size_t len, uint8_t out[CHANGE_HASH_LEN])
{
    crypto_hash_sha256(out, (const unsigned char *)text, len);
}

int versions_path(const char *folder, uint32_t number, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s/" FORM, folder, number) >= PATH_MAX ? ERR_LIMIT : 0;
}

int versions_put(const char *folder, uint32_t number, const char *text, size_t len)
{
    char path[PATH_MAX];
    struct outfile file;
    int err = versions_path(folder, number, path);
    if (err == 0)
        err = outfile_open(&file, path, MODE);
    if (err < 0)
        return err;
    if (fwrite(text, 1, len, file.file) != len || fchmod(fileno(file.file), MODE) < 0) {
        err = err_from_errno(errno);
        outfile_abort(&file);
        return err;
    }
    return outfile_commit(&file);
}

int versions_get(const char *folder, uint32_t number, const uint8_t hash[CHANGE_HASH_LEN], char **out, size_t *out_len)
{
    char path[PATH_MAX], *text = NULL;
    uint8_t found[CHANGE_HASH_LEN];
    size_t len = 0;
    int err = versions_path(folder, number, path);
    if (err == 0)
        err = file_read_path(path, VERSIONS_MAX, &text, &len);
    if (err < 0)
        return err;
    versions_hash(text, len, found);
    if (memcmp(found, hash, sizeof found) != 0) {
        free(text);
        return ERR_DAMAGED;
    }
    *out = text;
    *out_len = len;
    return 0;
}

int versions_set_current(const char *folder, uint32_t number)
{
    char made[PATH_MAX], path[PATH_MAX], target[32];
    snprintf(target, sizeof target, FORM, number);
    if (snprintf(made, sizeof made, "%s/" VERSIONS_CURRENT ".new", folder) >= (int)sizeof made ||
        snprintf(path, sizeof path, "%s/" VERSIONS_CURRENT, folder) >= (int)sizeof path)
        return ERR_LIMIT;
    unlink(made);
    if (symlink(target, made) < 0 || rename(made, path) < 0)
        return err_from_errno(errno);
    return 0;
}

uint32_t versions_current(const char *folder)
{
    char path[PATH_MAX], target[64];
    char *end;
    if (snprintf(path, sizeof path, "%s/" VERSIONS_CURRENT, folder) >= (int)sizeof path)
        return 0;
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len <= 0)
        return 0;
    target[len] = '\0';
    unsigned long number = strtoul(target, &end, 10);
    return target[0] >= '0' && target[0] <= '9' && strcmp(end, ".yaml") == 0 && number <= INT32_MAX ? (uint32_t)number
                                                                                                    : 0;
}
