/* Any path: a message that is found fits, and writing it as base64url again gives the text that it came from. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/doh_target.h"

#define CAP 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t encode(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t used = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t held = (uint32_t)bytes[i] << 16;
        held |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        held |= i + 2 < len ? bytes[i + 2] : 0;
        for (size_t k = 0; k < 4 && (k < 2 || i + k - 1 < len); k++)
            out[used++] = digits[held >> (18 - 6 * k) & 63];
    }
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t message[CAP];
    char text[CAP * 2];
    const char *target = (const char *)data;
    (void)doh_target_is(target, size, "/dns-query");
    int len = doh_target_message(target, size, message, sizeof message);
    if (len > CAP || len == 0)
        abort();
    if (len > 0) {
        size_t text_len = encode(message, (size_t)len, text);
        if (memmem(target, size, text, text_len) == NULL)
            abort();
    }
    return 0;
}
