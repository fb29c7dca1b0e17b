/*
 * Messages put together byte by byte, as broken as a test wants them.
 *
 * Memory: the struct holds everything. Errors: a packet over its room fails the test.
 */
#ifndef TESTS_DNS_PACKET_H
#define TESTS_DNS_PACKET_H

#include <stdint.h>
#include <string.h>

#include "dns/msg.h"

struct packet {
    size_t len;
    uint8_t bytes[MSG_MAX_LEN];
};

static inline void packet_bytes(struct packet *p, const void *bytes, size_t len)
{
    assert_true(len <= sizeof p->bytes - p->len);
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static inline void packet_u16(struct packet *p, unsigned value)
{
    uint8_t bytes[2];
    msg_put_u16(bytes, value);
    packet_bytes(p, bytes, sizeof bytes);
}

static inline void packet_begin(struct packet *p, unsigned flags, unsigned questions, unsigned answers,
                                unsigned authorities, unsigned additionals)
{
    p->len = 0;
    packet_u16(p, 0x1234);
    packet_u16(p, flags);
    packet_u16(p, questions);
    packet_u16(p, answers);
    packet_u16(p, authorities);
    packet_u16(p, additionals);
}

static inline void packet_name(struct packet *p, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    int len = name_from_text(text, strlen(text), name);
    assert_true(len > 0);
    packet_bytes(p, name, (size_t)len);
}

static inline void packet_pointer(struct packet *p, unsigned target)
{
    packet_u16(p, 0xc000u | target);
}

static inline void packet_question(struct packet *p, const char *text, unsigned type)
{
    packet_name(p, text);
    packet_u16(p, type);
    packet_u16(p, DNS_CLASS_IN);
}

/* What stands between owner and rdata. */
static inline void packet_rr_fixed(struct packet *p, unsigned type, unsigned class, uint32_t ttl, size_t rdata_len)
{
    packet_u16(p, type);
    packet_u16(p, class);
    packet_u16(p, ttl >> 16);
    packet_u16(p, ttl & 0xffff);
    packet_u16(p, (unsigned)rdata_len);
}

static inline void packet_rr(struct packet *p, const char *owner, unsigned type, const void *rdata, size_t rdata_len)
{
    packet_name(p, owner);
    packet_rr_fixed(p, type, DNS_CLASS_IN, 300, rdata_len);
    packet_bytes(p, rdata, rdata_len);
}

static inline void packet_opt(struct packet *p, unsigned udp_size, uint32_t ttl, const void *options,
                              size_t options_len)
{
    packet_bytes(p, "", 1);
    packet_rr_fixed(p, DNS_TYPE_OPT, udp_size, ttl, options_len);
    packet_bytes(p, options, options_len);
}

#endif
