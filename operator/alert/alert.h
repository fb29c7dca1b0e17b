/*
 * An alert: somebody asked for something that somebody else must know of at once.
 *
 * The way of one, and the words of this folder:
 *
 *     row of the query log ──▶ sighting (sighting.h) ──▶ spell (spell.h): one person under one rule, from the first question
 *     until nothing was asked for a while. A spell that reaches its rule's threshold raises one alert, and no more.
 *     alert ──▶ book (book.h): what is known and what is to be told, saved before anything is told
 *           ──▶ register (register.h): that it was raised, in a chained file
 *           ──▶ dispatch (dispatch.h): when it goes, and with which others, to each role: a batch
 *           ──▶ letter (letter.h): the words of a batch ──▶ outbox (delivery/outbox.h) ──▶ courier (courier.h)
 *
 * Who it was stands in the query log, under the key of its day, and in the book until all have been told; never in the register.
 *
 * Threads: pure data.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "qlog/record.h"

#define ALERT_RULE_MAX  40 /* bytes of a rule's name, with the closing zero; so the next three */
#define ALERT_ROLE_MAX  64
#define ALERT_NAME_MAX  256
#define ALERT_TEXT_MAX  200
#define ALERT_ROLES_MAX 8

#define ALERT_RULE_SERVICE "service" /* of what goes wrong with Belisha itself */

/* Whom a question is laid to, and how: the best that the row knows. */
struct alert_person {
    uint32_t user;   /* number in the roster; 0: not known */
    uint32_t device; /* the same */
    struct ipaddr client;
    uint8_t grade; /* enum qlog_grade */
};

/* Whether the two are the same person, as far as anybody can tell: user, else device, else address. */
bool alert_person_equal(const struct alert_person *a, const struct alert_person *b);

struct alert {
    uint64_t number; /* from 1, never given again */
    char rule[ALERT_RULE_MAX];
    uint8_t category; /* CATEGORY_NONE: of the service */
    bool urgent;
    bool blocked;
    bool statutory;   /* name is an opaque id */
    int64_t time_ns;  /* of the question that raised it */
    int64_t raised_s; /* when that was noticed */
    unsigned questions;
    struct alert_person person;
    char group[ALERT_ROLE_MAX];
    char name[ALERT_NAME_MAX]; /* that was asked for */
    char site[ALERT_NAME_MAX]; /* what it belongs to: the same for several people on one site */
    char text[ALERT_TEXT_MAX]; /* of the service: what is wrong */
    char roles[ALERT_ROLES_MAX][ALERT_ROLE_MAX];
    unsigned role_count;
    unsigned planned; /* a bit for each role: a batch has it */
};

#endif
