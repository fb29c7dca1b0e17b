/*
 * The feed formats. A new one is a file with one parse function and one row in format.c.
 *
 *   hosts    address and names; the exact names only
 *   domains  one name a line; with those below it unless the recipe says `subdomains: false`; "*.d" below d only
 *   adblock  AdGuard DNS rules: ||d^ (d and below), patterns, /regex/, @@ (exception), the modifiers a DNS can enforce
 *   ut1      a tree of folders with `domains`, `urls`, `expressions`, `usage` (UT1, squidGuard): an archive or a folder
 *   rpz      a response policy zone in master file form: names, addresses of answers and clients, all actions
 *   dnsmasq  address=/d/..., local=/d/, server=/d/: d and below
 *   unbound  local-zone: and local-data:
 *   urls     addresses of hosts and pages, plain or in a column (IWF and CTIRU style): hosts; pages only where told so
 *
 * docs/reference/feeds.md has every form with what becomes of it. Each parser reads hostile bytes: whatever they are, a
 * line becomes rules or counted refusals.
 */
#ifndef FEED_FORMAT_H
#define FEED_FORMAT_H

#include "feed/intake.h"

struct feed_format {
    const char *name;
    int (*parse)(struct intake *in, struct span text);            /* NULL for a tree */
    int (*parse_tree)(struct intake *in, const char *path);       /* NULL for a text */
    int (*parse_archive)(struct intake *in, struct span archive); /* of a tree; NULL for a text */
    bool by_line; /* what a line says depends on no other, so that a text may be read in pieces */
};

/* NULL when there is none of that name. */
const struct feed_format *feed_format_find(const char *name);

/* The index-th format, NULL past the end. */
const struct feed_format *feed_format_at(size_t index);

#define FEED_FORMATS_MAX 32

/* The names of all, ending in NULL: the words of a recipe. */
void feed_format_list(const char *out[FEED_FORMATS_MAX]);

/*
 * Parsers of one text. 0, or the sink's error, or ERR_LIMIT (lines_max). Refused lines are in the intake's stats.
 */
ERR_CHECKED int hosts_parse(struct intake *in, struct span text);
ERR_CHECKED int domains_parse(struct intake *in, struct span text);
ERR_CHECKED int adblock_parse(struct intake *in, struct span text);
ERR_CHECKED int rpz_parse(struct intake *in, struct span text);
ERR_CHECKED int dnsmasq_parse(struct intake *in, struct span text);
ERR_CHECKED int unbound_parse(struct intake *in, struct span text);
ERR_CHECKED int urls_parse(struct intake *in, struct span text);

/* Parser of a tree at path, an archive (tar, with gzip, xz or zstd) or a folder. ERR_TRUNCATED, ERR_MALFORMED for a
 * damaged archive, ERR_LIMIT, ERR_NOENT, ERR_IO, ERR_NOMEM, or the sink's error. */
ERR_CHECKED int ut1_parse(struct intake *in, const char *path);

/* The same of an archive in memory. */
ERR_CHECKED int ut1_parse_archive(struct intake *in, struct span archive);

/* Every category that a tree can give for which neither a recipe's categories nor its map says one. */
uint64_t ut1_categories(void);

#endif
