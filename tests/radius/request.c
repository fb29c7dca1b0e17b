#include "radius/request.h"

#include <stdlib.h>
#include <string.h>

#include "tls/digest.h"

void request_begin(struct request *request, uint8_t code, uint8_t id)
{
    memset(request, 0, sizeof *request);
    request->bytes[0] = code;
    request->bytes[1] = id;
    request->len = 20;
}

void request_add(struct request *request, uint8_t type, const void *value, size_t len)
{
    request->bytes[request->len] = type;
    request->bytes[request->len + 1] = (uint8_t)(len + 2);
    if (len > 0)
        memcpy(request->bytes + request->len + 2, value, len);
    request->len += len + 2;
}

void request_add_text(struct request *request, uint8_t type, const char *text)
{
    request_add(request, type, text, strlen(text));
}

void request_add_number(struct request *request, uint8_t type, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                              (uint8_t)number};
    request_add(request, type, bytes, sizeof bytes);
}

void request_sign(struct request *request, const char *secret, int message_authenticator)
{
    static const uint8_t zero[16];
    size_t at = request->len + 2;
    if (message_authenticator)
        request_add(request, 80, zero, sizeof zero);
    request->bytes[2] = (uint8_t)(request->len >> 8);
    request->bytes[3] = (uint8_t)request->len;
    if (request->bytes[0] == 12) /* Status-Server: any number */
        memset(request->bytes + 4, 0x5a, 16);
    if (message_authenticator) {
        uint8_t signature[16];
        if (digest_hmac_md5(secret, strlen(secret), request->bytes, request->len, signature) < 0)
            abort();
        memcpy(request->bytes + at, signature, sizeof signature);
    }
    if (request->bytes[0] == 12)
        return;
    const struct digest_part parts[] = {{request->bytes, request->len}, {secret, strlen(secret)}};
    if (digest_md5(parts, 2, request->bytes + 4) < 0)
        abort();
}
