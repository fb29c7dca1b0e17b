/*
 * What a person told the school through the page, as it is kept in the inbox: one JSON object, UTF-8.
 *
 *     {"id":7, "time":"2026-11-21T14:05:09Z", "kind":"unblock", "about":"", "host":"games.example", "url":"",
 *      "client":"10.20.3.4", "group":"pupils-wifi", "name":"", "words":"for history", "code":"7K3M-9QPX"}
 *
 * `name` is only what the person typed; who sat at the client is for those to find out who may.
 *
 * Memory: plain values. Threads: pure.
 */
#ifndef NOTICE_REPORT_H
#define NOTICE_REPORT_H

#include <stdint.h>

#include "base/ipaddr.h"
#include "base/text.h"

#define REPORT_HOST_MAX  256 /* all sizes: bytes, with the closing zero */
#define REPORT_URL_MAX   1025
#define REPORT_NAME_MAX  321
#define REPORT_WORDS_MAX 4001 /* 1,000 characters */
#define REPORT_GROUP_MAX 64
#define REPORT_CODE_MAX  10

enum report_kind { REPORT_UNBLOCK, REPORT_CONCERN };

/* X(enum suffix, name in forms and records): what a concern is about */
#define REPORT_ABOUT_LIST(X)                                                                                           \
    X(WEBSITE, "website")                                                                                              \
    X(BULLYING, "bullying")                                                                                            \
    X(CONTACT, "contact")                                                                                              \
    X(ILLEGAL, "illegal")                                                                                              \
    X(OTHER, "other")

enum report_about {
    REPORT_ABOUT_NONE,
#define X(suffix, name) REPORT_ABOUT_##suffix,
    REPORT_ABOUT_LIST(X)
#undef X
};

struct report {
    uint64_t id;    /* given by the inbox, from 1 */
    int64_t time_s; /* wall time */
    enum report_kind kind;
    enum report_about about;
    struct ipaddr client;
    char group[REPORT_GROUP_MAX];
    char host[REPORT_HOST_MAX];
    char url[REPORT_URL_MAX];
    char name[REPORT_NAME_MAX];
    char words[REPORT_WORDS_MAX];
    char code[REPORT_CODE_MAX];
};

const char *report_kind_name(enum report_kind kind);
const char *report_about_name(enum report_about about);

/* -1: no such name. */
int report_kind_from_name(const char *name);
int report_about_from_name(const char *name);

void report_write(const struct report *report, struct text *out);

#endif
