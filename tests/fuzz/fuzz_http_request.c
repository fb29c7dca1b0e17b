/* Requests of the local API: in one piece or byte by byte, they are read alike and within their bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_whole(const struct http_request *request)
{
    const char *end = request->bytes + sizeof request->bytes;
    if (request->body < request->bytes || request->body + request->body_len >= end || request->path[0] != '/' ||
        request->body_len > HTTP_BODY_MAX || request->body[request->body_len] != '\0')
        abort();
    if (request->token != NULL && (request->token < request->bytes || request->token >= end))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request whole, pieces;
    memset(&whole, 0, sizeof whole);
    memset(&pieces, 0, sizeof pieces);
    enum http_step at_once = http_request_feed(&whole, data, size);
    enum http_step step = HTTP_MORE;
    for (size_t i = 0; i < size && (step == HTTP_MORE || step == HTTP_CONTINUE); i++)
        step = http_request_feed(&pieces, data + i, 1);
    if (at_once == HTTP_WHOLE) {
        check_whole(&whole);
        if (step != HTTP_WHOLE || strcmp(whole.method, pieces.method) != 0 || strcmp(whole.path, pieces.path) != 0 ||
            whole.body_len != pieces.body_len || memcmp(whole.body, pieces.body, whole.body_len) != 0)
            abort();
    }
    if (at_once == HTTP_BAD && (whole.status < 400 || http_reason(whole.status)[0] == '\0'))
        abort();
    return 0;
}
