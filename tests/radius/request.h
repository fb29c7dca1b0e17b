/* Builds RADIUS requests, signed as a NAS signs them. */
#ifndef TESTS_RADIUS_REQUEST_H
#define TESTS_RADIUS_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct request {
    uint8_t bytes[4096];
    size_t len;
};

void request_begin(struct request *request, uint8_t code, uint8_t id);
void request_add(struct request *request, uint8_t type, const void *value, size_t len);
void request_add_text(struct request *request, uint8_t type, const char *text);
void request_add_number(struct request *request, uint8_t type, uint32_t number);

/* message_authenticator: whether it gets one, in its place as the last attribute. */
void request_sign(struct request *request, const char *secret, int message_authenticator);

#endif
