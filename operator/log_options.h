/* What is typed after `belisha log`: which rows, how many, where to. Threads: one. */
#ifndef OPERATOR_LOG_OPTIONS_H
#define OPERATOR_LOG_OPTIONS_H

#include <stdint.h>

#include "qlog/hold.h"
#include "qlog/reader.h"
#include "grid/grid.h"

#define LOG_KEYS_MAX 8
#define LOG_ALSO_MAX 8

enum log_pack_for { LOG_PACK_NONE, LOG_PACK_POLICE, LOG_PACK_DSL };

struct log_options {
    const char *dir;                /* NULL: of the configuration */
    const char *roster;             /* NULL: of the configuration, when dir is */
    const char *user, *device;      /* names that log_names.c turns into numbers; NULL: any */
    const char *also[LOG_ALSO_MAX]; /* subject-access: other names of the user */
    uint32_t also_users[LOG_ALSO_MAX];
    size_t also_count;
    struct qlog_filter filter; /* points into this struct and into argv */
    struct prefix client;
    uint8_t name[NAME_MAX_LEN];
    uint64_t limit; /* rows; 0: all */
    bool all;       /* visits: also sites that concern nobody */
    enum grid_format format;
    bool bom;           /* CSV for Excel */
    const char *output; /* NULL: standard output */
    bool zip, plain;    /* how it leaves (log_leaving.h) */
    bool without_identities;
    bool ask_password;
    const char *password_file;
    enum log_pack_for pack_for;
    bool segments;                  /* pack: the log's own files too */
    uint64_t approve, request;      /* pack: number in the ledger; 0: not given */
    const char *checked;            /* check-export: the file */
    const char *reason, *reference; /* NULL: none given */
    int64_t days;                   /* prune; -1: not given */
    int64_t bytes;                  /* prune; -1: not given */
    const char *keys[LOG_KEYS_MAX]; /* verify: files of public keys that are trusted */
    size_t key_count;
    struct hold hold; /* hold: from, to and reason as given */
    bool holds;       /* ... and any of them was given */
    bool json;        /* verify: for programs */
    uint32_t release; /* hold: the one that ends; 0: none */
};

/*
 * Reads argv[1]... (argv[0] is the subcommand). now_ns: what "-2h" is relative to. NULL, or a sentence that says what
 * would be right. options must stay where it is.
 */
const char *log_options_read(int argc, char *argv[], int64_t now_ns, struct log_options *options);

/* "2026-11-21", "2026-11-21T10:30", "...:15", each with an optional Z (all UTC); "-90s", "-30m", "-2h", "-7d" before
 * now; "now". ERR_MALFORMED. */
ERR_CHECKED int log_time_from_text(const char *text, int64_t now_ns, int64_t *out_ns);

/* "90s", "30m", "2h", "7d": seconds. ERR_MALFORMED. */
ERR_CHECKED int log_span_from_text(const char *text, int64_t *out_s);

#endif
