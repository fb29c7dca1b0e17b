/*
 * Bytes that grow at the end. A failed addition leaves them as they are and makes bytes_ok() false for good, so that a
 * writer asks once, at its end. Threads: one at a time.
 */
#ifndef PUBLISH_BYTES_H
#define PUBLISH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t len, cap;
    bool failed;
};

void bytes_done(struct bytes *b);
/* Room for len more bytes, which the caller writes; NULL when there is no memory. */
uint8_t *bytes_grow(struct bytes *b, size_t len);
void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_add_u8(struct bytes *b, uint8_t value);
bool bytes_ok(const struct bytes *b);

#endif
