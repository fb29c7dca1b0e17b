#include "ledger/recent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ledger/ledger_files.h"

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
    int err = ledger_files_path(ledger->folder, 0, path);
    if (err == 0)
        err = file_read_path(path, SIZE_MAX - 1, &bytes, &len);
    if (err == 0)
        err = search(bytes, len, kind, out);
    free(bytes);
    return err;
}
