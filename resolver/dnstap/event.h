/*
 * One dnstap message (https://dnstap.info), written as protocol buffers:
 *
 *     Dnstap   1 identity · 2 version · 14 message · 15 type = MESSAGE
 *     Message  1 type · 2 family · 3 protocol · 4, 5 addresses · 6, 7 ports · 8, 9 time of the question · 10 question
 *              11 zone · 12, 13 time of the answer · 14 answer · 15 policy · 16 HTTP version
 *     Policy   1 type · 2 rule · 3 action · 4 match · 5 value
 *
 * `query` is the side that asked, `response` the one that answers: for client messages the client and we, for forwarder
 * messages we and the upstream server.
 *
 * Memory: allocates nothing. Threads: pure.
 */
#ifndef DNSTAP_EVENT_H
#define DNSTAP_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"

/* The numbers are the format's. */
enum dnstap_type {
    DNSTAP_CLIENT_QUERY = 5,
    DNSTAP_CLIENT_RESPONSE = 6,
    DNSTAP_FORWARDER_QUERY = 7,
    DNSTAP_FORWARDER_RESPONSE = 8,
};

enum dnstap_protocol { DNSTAP_UDP = 1, DNSTAP_TCP = 2, DNSTAP_DOT = 3, DNSTAP_DOH = 4 };

enum dnstap_action {
    DNSTAP_ACTION_NONE = 0, /* left out: the format has no word for it */
    DNSTAP_NXDOMAIN = 1,
    DNSTAP_NODATA = 2,
    DNSTAP_PASS = 3,
    DNSTAP_DROP = 4,
    DNSTAP_TRUNCATE = 5,
    DNSTAP_LOCAL_DATA = 6,
};

enum dnstap_match {
    DNSTAP_MATCH_NONE = 0, /* left out */
    DNSTAP_MATCH_QNAME = 1,
    DNSTAP_MATCH_CLIENT_IP = 2,
    DNSTAP_MATCH_RESPONSE_IP = 3,
};

struct dnstap_bytes {
    const uint8_t *at; /* NULL: left out */
    size_t len;
};

struct dnstap_policy {
    const char *type; /* text */
    const char *rule; /* text; NULL: left out */
    enum dnstap_action action;
    enum dnstap_match match;
    struct dnstap_bytes value; /* what matched: a name in wire form, or an address of 4 or 16 bytes */
};

#define DNSTAP_HIDDEN_MAX 4

struct dnstap_span {
    size_t at, len;
};

struct dnstap_event {
    enum dnstap_type type;
    enum dnstap_protocol protocol;
    const struct endpoint *query_from;    /* NULL: left out; one of the two must be there */
    const struct endpoint *response_from; /* NULL: left out */
    int64_t query_ns;                     /* wall clock, since 1970; 0: left out */
    int64_t response_ns;
    struct dnstap_bytes query;                    /* message */
    struct dnstap_bytes response;                 /* message */
    struct dnstap_span hidden[DNSTAP_HIDDEN_MAX]; /* bytes of the response in whose place zeros are told */
    size_t hidden_count;
    struct dnstap_bytes zone; /* name in wire form */
    const struct dnstap_policy *policy;
};

/* The bytes that every message of a server begins with: its identity and version; an empty text is left out. */
#define DNSTAP_TEXT_MAX 255
#define DNSTAP_HEAD_MAX (2 * (DNSTAP_TEXT_MAX + 3))
/* Texts of at most DNSTAP_TEXT_MAX bytes. Returns the length. */
size_t dnstap_head_write(const char *identity, const char *version, uint8_t out[DNSTAP_HEAD_MAX]);

/* How many bytes dnstap_event_write() will write, the head among them. */
size_t dnstap_event_size(const struct dnstap_event *event, size_t head_len);
/* Writes so many bytes. */
void dnstap_event_write(const struct dnstap_event *event, const uint8_t *head, size_t head_len, uint8_t *out);

#endif
