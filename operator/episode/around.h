/*
 * What goes on around a question of somebody: other sites, pages that load, help that somebody of the group asked for.
 *
 * What happens at the same instant does not count as before, so that the order of such rows plays no part.
 *
 * Threads: one.
 */
#ifndef EPISODE_AROUND_H
#define EPISODE_AROUND_H

#include "episode/asker.h"

#define AROUND_PAGE_NS       INT64_C(2000000000)    /* what comes with a page comes within it */
#define AROUND_ALONE_NS      INT64_C(60000000000)   /* a person at work asks for some other site within it */
#define AROUND_BLOCK_NS      INT64_C(1800000000000) /* a way round that is looked for later has other reasons */
#define AROUND_ECHO_NS       INT64_C(20000000000)   /* a page of help asks for what it loads within it */
#define AROUND_LINKS         3                      /* so many other sites at once: a list of links */
#define AROUND_CROWD         60                     /* sites in a minute that one person does not open */
#define AROUND_CROWD_MINUTES 3                      /* and in so many minutes */

/* Different other sites that were looked up within the time before. */
unsigned around_others(const struct asker *asker, uint32_t site, int64_t time_ns, int64_t within_ns);
/* Whether pages and programs asked for two names of their own just now. */
bool around_page_loads(const struct asker *asker, int64_t time_ns);
void around_background(struct asker *asker, int64_t time_ns);
/* A look-up of a site; company: that comes along with others, and so says nothing of how many people there are. Returns whether
 * it is another one than before. */
bool around_lead(struct asker *asker, uint32_t site, int64_t time_ns, bool company);

/*
 * A page of help loads things from elsewhere, which are nothing to anybody else: names that follow a question for help out of
 * the same group, at sites that few know, would tell of it. Whether this one does, and so is to be left out.
 */
bool around_is_echo(struct asker *asker, uint32_t site, int64_t time_ns, int64_t help_ns, bool begins);

#endif
