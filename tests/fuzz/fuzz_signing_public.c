/* A public key as found in a file: what is read can be written and is read again the same. */
#include <stdlib.h>
#include <string.h>

#include "signing/signing_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signing_public public;
    struct signing_public again;
    struct text pem = {0};
    if (signing_public_parse((const char *)data, size, &public) < 0)
        return 0;
    signing_public_write(&public, &pem);
    must(text_ok(&pem) && signing_public_parse(pem.bytes, pem.len, &again) == 0);
    must(memcmp(&public, &again, sizeof public) == 0);
    text_done(&pem);
    return 0;
}
