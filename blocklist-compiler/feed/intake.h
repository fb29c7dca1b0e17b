/*
 * Where the parsers of all formats hand over what they read: one name and what the feed wants with it, or a line that
 * can't be a rule. The intake normalises, asks the guard, counts, and passes good rules on to its sink.
 *
 *   bytes -> hosts_parse, adblock_parse... -> intake_rule   -> sink (one call for each accepted rule)
 *                                          -> intake_refuse -> stats (count by reason, first few with file and line)
 *
 * Memory:  nothing is allocated for a line. Owner: the caller, in place.
 * Errors:  a bad line is never an error, only a refusal; errors come from the sink, from memory and from limits.
 * Threads: one intake belongs to one thread; the guard may be shared.
 */
#ifndef FEED_INTAKE_H
#define FEED_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "feed/clause.h"
#include "feed/guard.h"
#include "feed/normalise.h"
#include "feed/popular.h"
#include "feed/span.h"
#include "feed/stats.h"

enum feed_action { FEED_BLOCK, FEED_ALLOW };

/* Which names a rule concerns: the listed one, those below it, or both. */
enum feed_scope { FEED_SELF = 1, FEED_BELOW = 2, FEED_SELF_AND_BELOW = 3 };

#define FEED_PATTERNS_MAX 4096 /* expressions of one feed */
#define FEED_BLIND_MAX    16   /* of them, those that must be tried on every name */

struct intake;

/* All pointers are good until the sink returns. */
struct feed_rule {
    const struct intake *from;        /* its file, line and text say where the rule stands */
    const struct listed_name *name;   /* NULL for an address, and for a clause that hangs on no name */
    const struct prefix *address;     /* NULL for a name */
    const struct feed_clause *clause; /* NULL: the fields below say all */
    uint64_t categories;
    enum feed_action action;
    enum feed_scope scope;
    enum blockdb_address_use use; /* of the address */
    bool important;               /* $important: beats rules without it, exceptions too */
};

/* Returns 0; 1: it has no room for such a rule, which is refused then; or a negative enum err that ends the reading. */
typedef int (*feed_sink)(void *ctx, const struct feed_rule *rule);

/* Told a line (or the part of one) that did not become a rule; in->file and in->line say where it stands. */
typedef void (*feed_refused)(const struct intake *in, enum refusal refusal, struct span text);

/* One entry of a category map: a folder of a tree and what we call it. */
struct feed_folder {
    const char *folder;
    uint64_t categories;
};

struct intake_opts {
    uint64_t categories;               /* given to every rule; 0 for a tree with a map */
    bool subdomains;                   /* plain domains: a name stands for those below it too */
    bool single_labels;                /* accept names of one label */
    bool public_suffixes;              /* accept rules that cover a public suffix */
    uint64_t lines_max;                /* 0 = no limit */
    uint64_t bytes_max;                /* unpacked bytes of a tree; 0 = no limit */
    const struct feed_folder *folders; /* category map of a tree; NULL = its built-in map, or `categories` */
    size_t folder_count;
    const char *zone;               /* rpz: the zone's name where the file does not say; NULL */
    const char *const *whole_hosts; /* urls: hosts, in normal form, that any of their pages lists whole */
    size_t whole_host_count;
    const struct popular *popular; /* names whose block is flagged; NULL: none */
};

struct intake {
    struct intake_opts opts;
    const struct guard *guard; /* NULL: no names are protected (fuzzers) */
    feed_sink sink;
    feed_refused refused; /* NULL: they are only counted */
    void *sink_ctx;
    struct feed_stats *stats;
    /* set by the parser as it goes on */
    const char *file;
    uint32_t line;
    struct span text; /* the line as it is written */
    uint64_t categories;
    void *parser;             /* what a parser has to remember from line to line */
    unsigned patterns, blind; /* accepted so far */
    struct listed_name name;  /* of the rule in hand */
    enum suffix_kind suffix;  /* what the rule covers as a whole */
    struct feed_clause scratch;
};

void intake_init(struct intake *in, const struct intake_opts *opts, const struct guard *guard, const char *file,
                 struct feed_stats *stats, feed_sink sink, void *sink_ctx);

/*
 * One name of the current line; an address where a name could stand is listed as one. 1: accepted; 0: refused and
 * counted; or the sink's error.
 */
ERR_CHECKED int intake_rule(struct intake *in, struct span name, enum feed_action action, enum feed_scope scope,
                            bool important);

/*
 * A rule that is more than a name and its extent. name empty: it hangs on none, and must have a pattern.
 * text: for a refusal. The same returns.
 */
ERR_CHECKED int intake_clause(struct intake *in, struct span name, enum feed_scope scope, struct feed_clause *clause,
                              struct span text);

/*
 * An address or prefix, as text or parsed, with what becomes of answers that have it or of clients that ask from it.
 * clause NULL: it is blocked. The same returns.
 */
ERR_CHECKED int intake_address_text(struct intake *in, struct span text);
ERR_CHECKED int intake_address(struct intake *in, const struct prefix *prefix, enum blockdb_address_use use,
                               struct feed_clause *clause, struct span text);

/* The current line, or part of it, can't be a rule. Returns 0, so that parsers can end a line with it. */
int intake_refuse(struct intake *in, enum refusal refusal, struct span text);

/* Reads what comments tell about the feed. */
#define FEED_DECLARED_MARK "Number of entries:"
void intake_comment(struct intake *in, struct span comment);

/*
 * Calls on_line for every line that is not blank, cut at LF, without its blanks, CR and a byte order mark, which stands
 * in front of any line where lists were put together.
 * Returns 0, what on_line returned when that is negative, or ERR_LIMIT over lines_max.
 */
typedef int (*intake_line)(struct intake *in, struct span line);
ERR_CHECKED int intake_each_line(struct intake *in, struct span text, intake_line on_line);

#endif
