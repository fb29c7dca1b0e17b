#include "net/http_request.h"

#include <string.h>
#include <strings.h>

static enum http_step bad(struct http_request *request, unsigned status)
{
    request->status = status;
    return HTTP_BAD;
}

/* tchar of RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return len > 0;
}

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* "POST /logon?x HTTP/1.1": cut up in place. Returns a status, 0: fine. */
static unsigned read_first_line(struct http_request *request, char *line)
{
    char *path = strchr(line, ' ');
    char *version = path == NULL ? NULL : strchr(path + 1, ' ');
    if (version == NULL)
        return 400;
    *path++ = '\0';
    *version++ = '\0';
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return strncmp(version, "HTTP/", 5) == 0 ? 505 : 400;
    if (!is_token(line, strlen(line)) || *path != '/' || !is_visible(path))
        return 400;
    path[strcspn(path, "?")] = '\0';
    request->method = line;
    request->path = path;
    return 0;
}

/* Digits only, and the same when it is said twice (RFC 9112, 6.3). */
static unsigned read_length(struct http_request *request, const char *value, bool *seen)
{
    size_t length = 0;
    if (*value == '\0' || strspn(value, "0123456789") != strlen(value))
        return 400;
    for (; *value != '\0'; value++) {
        length = length * 10 + (size_t)(*value - '0');
        if (length > HTTP_BODY_MAX)
            return 413;
    }
    if (*seen && length != request->body_len)
        return 400;
    *seen = true;
    request->body_len = length;
    return 0;
}

static unsigned read_authorization(struct http_request *request, char *value)
{
    if (request->token != NULL)
        return 400; /* of two, which? */
    if (strncasecmp(value, "Bearer ", 7) != 0)
        return 0;
    value += 7 + strspn(value + 7, " ");
    request->token = value;
    return 0;
}

static unsigned read_header(struct http_request *request, char *line, bool *length_seen)
{
    char *value = strchr(line, ':');
    if (value == NULL || !is_token(line, (size_t)(value - line)))
        return 400;
    *value++ = '\0';
    value += strspn(value, " \t");
    for (size_t len = strlen(value); len > 0 && strchr(" \t", value[len - 1]) != NULL; len--)
        value[len - 1] = '\0';
    if (strcasecmp(line, "Content-Length") == 0)
        return read_length(request, value, length_seen);
    if (strcasecmp(line, "Transfer-Encoding") == 0)
        return 501;
    if (strcasecmp(line, "Authorization") == 0)
        return read_authorization(request, value);
    if (strcasecmp(line, "Expect") != 0)
        return 0;
    request->expects_continue = strcasecmp(value, "100-continue") == 0;
    return request->expects_continue ? 0 : 417;
}

/* The head without its last, empty line. Every line of it ends in CRLF. */
static unsigned read_head(struct http_request *request)
{
    char *at = request->bytes;
    char *end = request->bytes + request->head_len - 2;
    bool length_seen = false;
    if (memchr(request->bytes, '\0', request->head_len) != NULL)
        return 400;
    while (at < end) {
        char *line = at;
        size_t len = strcspn(line, "\r\n");
        if (line[len] != '\r' || line[len + 1] != '\n')
            return 400;
        line[len] = '\0';
        unsigned status =
            line == request->bytes ? read_first_line(request, line) : read_header(request, line, &length_seen);
        if (status != 0)
            return status;
        at = line + len + 2;
    }
    if (request->method == NULL)
        return 400;
    return !length_seen && strcmp(request->method, "POST") == 0 ? 411 : 0;
}

/* Where the empty line behind the head ends; 0: it has not come yet. */
static size_t find_head_end(const struct http_request *request, size_t from)
{
    for (size_t i = from < 3 ? 0 : from - 3; i + 4 <= request->len; i++)
        if (memcmp(request->bytes + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    return 0;
}

enum http_step http_request_feed(struct http_request *request, const void *bytes, size_t len)
{
    size_t before = request->len;
    size_t room = sizeof request->bytes - 1 - request->len;
    size_t taken = len < room ? len : room;
    memcpy(request->bytes + request->len, bytes, taken);
    request->len += taken;
    if (!request->head_read) {
        request->head_len = find_head_end(request, before);
        if (request->head_len > HTTP_HEAD_MAX || (request->head_len == 0 && request->len > HTTP_HEAD_MAX))
            return bad(request, 431);
        if (request->head_len == 0)
            return HTTP_MORE;
        unsigned status = read_head(request);
        if (status != 0)
            return bad(request, status);
        request->head_read = true;
        request->body = request->bytes + request->head_len;
    }
    if (request->len - request->head_len >= request->body_len) {
        request->bytes[request->head_len + request->body_len] = '\0';
        return HTTP_WHOLE;
    }
    if (!request->expects_continue || request->continued)
        return HTTP_MORE;
    request->continued = true;
    return HTTP_CONTINUE;
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
