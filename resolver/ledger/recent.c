#include "ledger/recent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/files.h"

static int read_file(const char *path, char **out, size_t *out_len)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || errno == EACCES ? -errno : ERR_IO;
    char *bytes = fstat(fileno(file), &st) < 0 ? NULL : malloc((size_t)st.st_size + 1);
    *out_len = bytes == NULL ? 0 : fread(bytes, 1, (size_t)st.st_size, file);
    int err = bytes == NULL ? ERR_NOMEM : ferror(file) ? ERR_IO : 0;
    fclose(file);
    if (err < 0)
        free(bytes);
    else
        *out = bytes;
    return err;
}

/* From the last whole line back. */
static int search(const char *bytes, size_t len, const char *kind, struct entry_read *out)
{
    const char *end = len == 0 ? NULL : memrchr(bytes, '\n', len);
    while (end != NULL) {
        const char *before = end == bytes ? NULL : memrchr(bytes, '\n', (size_t)(end - bytes));
        const char *line = before == NULL ? bytes : before + 1;
        struct entry_read read;
        int err = entry_parse(line, (size_t)(end - line), &read);
        if (err == ERR_NOMEM)
            return err;
        if (err == 0 && strncmp(read.entry.kind, kind, strlen(kind)) == 0) {
            *out = read;
            return 0;
        }
        if (err == 0)
            entry_read_done(&read);
        end = before;
    }
    return ERR_NOENT;
}

int recent_find(const struct ledger *ledger, const char *kind, struct entry_read *out)
{
    char path[PATH_MAX], *bytes = NULL;
    size_t len = 0;
    int err = files_path(ledger->folder, 0, path);
    if (err == 0)
        err = read_file(path, &bytes, &len);
    if (err == 0)
        err = search(bytes, len, kind, out);
    free(bytes);
    return err;
}
