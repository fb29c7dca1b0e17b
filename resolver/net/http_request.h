/*
 * One request of HTTP/1.1 (RFC 9112), gathered from the pieces in which it arrives: what the local API takes, and no more.
 *
 *     http_request_feed() == HTTP_MORE      the rest has to come
 *                         == HTTP_CONTINUE  the same, and the client waits for a word (RFC 9110, 10.1.1)
 *                         == HTTP_WHOLE     method, path, token and body are set
 *                         == HTTP_BAD       status says why
 *
 * Bodies have a Content-Length; chunked ones are refused. Names of headers match in any case; what is no header by the
 * rules (a folded line, a blank before the colon, a bare CR or LF) is refused and not guessed at.
 *
 * Memory:  the struct, which is the caller's. Pointers lead into it.
 * Threads: pure; any.
 */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_MAX 8192
#define HTTP_BODY_MAX 4096

enum http_step {
    HTTP_MORE,
    HTTP_CONTINUE,
    HTTP_WHOLE,
    HTTP_BAD,
};

/* Begins as {0}. */
struct http_request {
    unsigned status;           /* HTTP_BAD: 400, 411, 413, 417, 431, 501, 505 */
    const char *method, *path; /* path: without query */
    const char *token;         /* of "Authorization: Bearer"; NULL: none */
    const char *body;
    size_t body_len;

    bool head_read, continued;
    bool expects_continue;
    size_t head_len, len;
    char bytes[HTTP_HEAD_MAX + HTTP_BODY_MAX + 1];
};

/* Takes len bytes. What comes behind the body is not looked at. */
enum http_step http_request_feed(struct http_request *request, const void *bytes, size_t len);

/* "Not Found" for 404. */
const char *http_reason(unsigned status);

#endif
