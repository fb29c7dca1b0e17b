/* Cuts the input into pieces as its first byte says: the messages must be those of the whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Mixes all messages found into one number. */
static uint64_t digest_of(const uint8_t *data, size_t size, size_t piece, size_t hold_every)
{
    struct stream stream = {0};
    uint64_t digest = 14695981039346656037u;
    size_t count = 0;
    for (size_t at = 0; at < size; at += piece) {
        const uint8_t *msg;
        size_t len;
        size_t take = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(take);
        if (copy == NULL)
            abort();
        memcpy(copy, data + at, take);
        stream_feed(&stream, copy, take);
        while (stream_next(&stream, &msg, &len) == 1) {
            digest = (digest ^ len) * 1099511628211u;
            for (size_t i = 0; i < len; i++)
                digest = (digest ^ msg[i]) * 1099511628211u;
            if (hold_every > 0 && ++count % hold_every == 0 && copy != NULL && stream_hold(&stream) == 0) {
                free(copy);
                copy = NULL;
            }
        }
        free(copy);
    }
    stream_done(&stream);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t piece = (size_t)data[0] + 1;
    uint64_t whole = digest_of(data + 1, size - 1, size - 1, 0);
    if (digest_of(data + 1, size - 1, piece, 0) != whole || digest_of(data + 1, size - 1, piece, 2) != whole)
        abort();
    return 0;
}
