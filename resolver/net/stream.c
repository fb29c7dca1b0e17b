#include "net/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PART_KEEP_CAP 1024 /* a buffer up to this size stays for the connection's next message */

void stream_done(struct stream *stream)
{
    free(stream->held);
    free(stream->part);
    *stream = (struct stream){0};
}

void stream_feed(struct stream *stream, const uint8_t *bytes, size_t len)
{
    assert(stream->input_len == 0);
    stream->input = bytes;
    stream->input_len = len;
}

static size_t message_len(const uint8_t *prefix)
{
    return (size_t)prefix[0] << 8 | prefix[1];
}

static int part_reserve(struct stream *stream, size_t len)
{
    if (len <= stream->part_cap)
        return 0;
    uint8_t *part = realloc(stream->part, len);
    if (part == NULL)
        return ERR_NOMEM;
    stream->part = part;
    stream->part_cap = len;
    return 0;
}

static void part_drop(struct stream *stream)
{
    stream->part_len = 0;
    stream->part_given = false;
    if (stream->part_cap > PART_KEEP_CAP) {
        free(stream->part);
        stream->part = NULL;
        stream->part_cap = 0;
    }
}

/* Moves input to part until part has want bytes; whether it has. */
static bool part_fill(struct stream *stream, size_t want)
{
    size_t missing = want - stream->part_len;
    size_t take = missing < stream->input_len ? missing : stream->input_len;
    if (take > 0)
        memcpy(stream->part + stream->part_len, stream->input, take);
    stream->part_len += take;
    stream->input += take;
    stream->input_len -= take;
    return take == missing;
}

static void input_used_up(struct stream *stream)
{
    free(stream->held);
    stream->held = NULL;
    stream->input = NULL;
}

/* Goes on with the message in part, or begins it there. */
static int part_next(struct stream *stream, const uint8_t **out, size_t *out_len)
{
    if (part_reserve(stream, STREAM_PREFIX_LEN) < 0)
        return ERR_NOMEM;
    if (stream->part_len < STREAM_PREFIX_LEN && !part_fill(stream, STREAM_PREFIX_LEN))
        return 0;
    size_t len = message_len(stream->part);
    if (part_reserve(stream, STREAM_PREFIX_LEN + len) < 0)
        return ERR_NOMEM;
    if (!part_fill(stream, STREAM_PREFIX_LEN + len))
        return 0;
    stream->part_given = true;
    *out = stream->part + STREAM_PREFIX_LEN;
    *out_len = len;
    return 1;
}

int stream_next(struct stream *stream, const uint8_t **out, size_t *out_len)
{
    if (stream->part_given)
        part_drop(stream);
    if (stream->input_len == 0) {
        input_used_up(stream);
        return 0;
    }
    if (stream->part_len == 0 && stream->input_len >= STREAM_PREFIX_LEN) {
        size_t len = message_len(stream->input);
        if (stream->input_len >= STREAM_PREFIX_LEN + len) {
            *out = stream->input + STREAM_PREFIX_LEN;
            *out_len = len;
            stream->input += STREAM_PREFIX_LEN + len;
            stream->input_len -= STREAM_PREFIX_LEN + len;
            return 1;
        }
    }
    int found = part_next(stream, out, out_len);
    if (found == 0)
        input_used_up(stream);
    return found;
}

int stream_hold(struct stream *stream)
{
    if (stream->input_len == 0 || stream->held != NULL)
        return 0;
    uint8_t *held = malloc(stream->input_len);
    if (held == NULL)
        return ERR_NOMEM;
    memcpy(held, stream->input, stream->input_len);
    stream->held = held;
    stream->input = held;
    return 0;
}

bool stream_is_partial(const struct stream *stream)
{
    return stream->part_len > 0 && !stream->part_given;
}

void stream_prefix(uint16_t len, uint8_t out[STREAM_PREFIX_LEN])
{
    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
}
