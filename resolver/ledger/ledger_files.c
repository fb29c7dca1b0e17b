#include "ledger/ledger_files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 12

static uint64_t first_of(const char *name)
{
    static const char prefix[] = LEDGER_FILE ".";
    const char *digits = name + sizeof prefix - 1;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || strlen(digits) < DIGITS || strlen(digits) > DIGITS + 6 ||
        strspn(digits, "0123456789") != strlen(digits))
        return 0;
    return strtoull(digits, NULL, 10);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static int add(struct ledger_files *files, uint64_t first)
{
    if (files->count == LEDGER_FILES_MAX)
        return ERR_LIMIT;
    uint64_t *longer = reallocarray(files->firsts, files->count + 1, sizeof *longer);
    if (longer == NULL)
        return ERR_NOMEM;
    files->firsts = longer;
    files->firsts[files->count++] = first;
    return 0;
}

int ledger_files_list(const char *folder, struct ledger_files *out)
{
    struct ledger_files files = {0};
    struct dirent *entry;
    int err = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return errno == ENOENT || errno == EACCES || errno == ENOMEM ? -errno : ERR_IO;
    while (err == 0 && (entry = readdir(dir)) != NULL)
        if (first_of(entry->d_name) != 0)
            err = add(&files, first_of(entry->d_name));
    closedir(dir);
    if (err < 0) {
        ledger_files_done(&files);
        return err;
    }
    if (files.count > 1)
        qsort(files.firsts, files.count, sizeof *files.firsts, compare);
    *out = files;
    return 0;
}

void ledger_files_done(struct ledger_files *files)
{
    free(files->firsts);
    *files = (struct ledger_files){0};
}

int ledger_files_path(const char *folder, uint64_t first, char out[PATH_MAX])
{
    int len = first == 0 ? snprintf(out, PATH_MAX, "%s/" LEDGER_FILE, folder)
                         : snprintf(out, PATH_MAX, "%s/" LEDGER_FILE ".%0*" PRIu64, folder, DIGITS, first);
    return len >= PATH_MAX ? ERR_LIMIT : 0;
}
