#include "tier/keyfile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tier/files.h"

int keyfile_open(const char *dir, const char *name, unsigned mode, uint8_t *out, size_t len, bool *out_made)
{
    uint8_t *bytes;
    size_t got;
    int err = files_read(dir, name, len, &bytes, &got);
    if (err == 0) {
        if (got == len)
            memcpy(out, bytes, len);
        free(bytes);
        *out_made = false;
        return got == len ? 0 : ERR_DAMAGED;
    }
    if (err != ERR_NOENT)
        return err == ERR_LIMIT ? ERR_DAMAGED : err;
    randombytes_buf(out, len);
    *out_made = true;
    return files_replace(dir, name, mode, out, len);
}
