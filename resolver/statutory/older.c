#include "statutory/older.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATIONS_MAX 64
#define PATH_LEN        4096

/* The numbers of the generations in the folder. */
static size_t list_numbers(const char *folder, uint64_t out[GENERATIONS_MAX])
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && count < GENERATIONS_MAX && (entry = readdir(dir)) != NULL) {
        int end = 0;
        if (sscanf(entry->d_name, "generation-%" SCNu64 ".mdb%n", &out[count], &end) == 1 && end > 0 &&
            entry->d_name[end] == '\0')
            count++;
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static int newest_first(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? 1 : *x > *y ? -1 : 0;
}

int older_open(const char *path, struct statutory **out)
{
    uint64_t numbers[GENERATIONS_MAX];
    char folder[PATH_LEN], file[PATH_LEN + 48];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : (int)(slash - path);
    if (slash == NULL || snprintf(folder, sizeof folder, "%.*s", len, path) >= (int)sizeof folder)
        return ERR_NOENT;
    size_t count = list_numbers(folder, numbers);
    qsort(numbers, count, sizeof numbers[0], newest_first);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(file, sizeof file, "%s/generation-%" PRIu64 ".mdb", folder, numbers[i]);
        if (statutory_open(file, out, NULL, 0) == 0)
            return 0;
    }
    return ERR_NOENT;
}
