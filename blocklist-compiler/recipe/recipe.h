/*
 * The recipe: which feeds are read, how, and into which categories (feeds.yaml; docs/reference/feeds.md).
 *
 * It is read by the schema layer of the configuration, so that an error names file, line, the word, and what would be
 * right. A relative path is relative to the recipe's own folder.
 *
 * Memory: all of a recipe lives until recipe_free(). Threads: immutable once loaded.
 */
#ifndef RECIPE_RECIPE_H
#define RECIPE_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "config/errors.h"

#define RECIPE_FEEDS_MAX 1000

/* What is believable of a feed. A copy beyond is not taken; the last good one stays. */
struct recipe_limits {
    int64_t bytes;   /* at most, as fetched; of an archive also as unpacked, times 20 */
    int64_t lines;   /* at most; 0 = any */
    int64_t min;     /* accepted names, at least */
    int64_t max;     /* accepted names, at most; 0 = any */
    int64_t time_ms; /* a download takes, at most */
    int64_t change;  /* per cent by which the accepted names may shrink or grow from one copy to the next; 0 = any */
    int64_t popular; /* a name of this rank or a better one may not be blocked; 0 = any may */
};

/* How a feed is asked for. NULL: not said. The files hold secrets, but for the certificate; they are absolute paths. */
struct recipe_access {
    const char *header_file;        /* lines "Name: value" */
    const char *user_file;          /* "user:password" */
    const char *client_certificate; /* PEM */
    const char *client_key;         /* PEM */
    const char *proxy;              /* an address, or "environment" */
    const char *proxy_user_file;    /* "user:password" */
};

/* How a zone is brought from its primaries. NULL: nothing is signed. */
struct recipe_primaries {
    const char *tsig_name, *tsig_algorithm;
    const char *tsig_secret_file; /* absolute path */
    bool whole;                   /* all of it each time, not the changes */
};

/* urls: a recorded decision to list a whole host because of its pages. */
struct recipe_widen {
    const char *host; /* normal form, without closing dot */
    const char *decided_by, *on, *reason;
};

/* Whose list it is; what is not `other` needs a membership and a licence. */
enum recipe_body { RECIPE_BODY_IWF, RECIPE_BODY_CTIRU, RECIPE_BODY_OTHER };

/* Of a feed of the statutory tier. */
struct recipe_statutory {
    enum recipe_body body;
    const char *membership;
    int64_t max_age_s; /* a copy older than this is an alarm */
};

/* A folder of a tree and its categories. */
struct recipe_folder {
    const char *folder;
    uint64_t categories;
};

struct recipe_feed {
    const char *name;    /* unique; letters, digits, "-", "_", "." */
    const char *source;  /* https://..., dns://..., or an absolute path */
    size_t format;       /* index in the formats given to recipe_load() */
    uint64_t categories; /* 0 when folders (or the format) say it */
    const struct recipe_folder *folders;
    size_t folder_count;
    bool subdomains;      /* a plain domain stands for those below it */
    bool single_labels;   /* names of one label are accepted */
    bool public_suffixes; /* rules that cover a public suffix are accepted */
    const char *licence;  /* "" = not said */
    const char *zone;     /* rpz: NULL = the file says it */
    int64_t every_s;      /* how often to ask for a new copy */
    struct recipe_access access;
    struct recipe_primaries primaries;
    const struct recipe_widen *widen;
    size_t widen_count;
    const char *const
        *test_hosts; /* the vendor's own, in normal form: listed whole where it lists any of their pages */
    size_t test_host_count;
    const struct recipe_statutory *statutory; /* NULL: an ordinary feed */
    struct recipe_limits limits;
};

/* A list that feeds are judged by. */
struct recipe_reference {
    const char *source; /* as of a feed; NULL = none */
    int64_t every_s;
    struct recipe_access access; /* the recipe's proxy */
};

struct recipe {
    const char *out;                /* folder of the generations; NULL = not said */
    int64_t keep;                   /* generations */
    const char *protected_help;     /* file of more names that must stay reachable; NULL = the shipped ones only */
    const char *config;             /* belisha.yaml, which says more of the school; NULL = not said */
    const char *const *own_domains; /* the school's own: names, and "file:" and a path with one name a line */
    size_t own_domain_count;
    const char *const *learning_platform; /* the same */
    size_t learning_platform_count;
    const struct prefix *own_addresses;
    size_t own_address_count;
    struct recipe_reference public_suffix_list, popular;
    int64_t popular_names;           /* how many names of popular count */
    const struct recipe_feed *feeds; /* the ordinary ones */
    size_t feed_count;
    const struct recipe_feed *statutory; /* those of the statutory tier, which never meet the others */
    size_t statutory_count;
    struct arena *arena;
};

/*
 * formats: names of the feed formats, ending in NULL. ERR_CONFIG: errors says why; ERR_NOMEM.
 */
ERR_CHECKED int recipe_load(const char *path, const char *const formats[], struct recipe **out,
                            struct config_errors *errors);
void recipe_free(struct recipe *recipe);

extern const char *const recipe_body_names[]; /* by enum recipe_body; ends in NULL */

/* The limits and other values of a feed that nobody has said anything about. */
struct recipe_feed recipe_feed_default(void);

#endif
