/*
 * The RADIUS accounting server (RFC 2866): a NAS says who is where, and is answered when that is kept on the disk.
 *
 * One who is no NAS, or does not know the secret, gets no answer; it is counted, and now and then logged. A request that is
 * sent again gets the same answer again (RFC 5080, 2.2.2): it is made from the request alone, and what it says twice changes
 * nothing. Answers leave from the address that was asked.
 *
 * Of what has arrived, at most one batch is taken in one turn of the loop.
 *
 * Threads: one, the loop's.
 */
#ifndef NET_RADIUS_SERVER_H
#define NET_RADIUS_SERVER_H

#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "net/commit.h"
#include "radius/nas.h"
#include "radius/tally.h"

#define RADIUS_WAITING_MAX 4096  /* answers that wait for the disk */
#define RADIUS_COMPLAIN_MS 60000 /* refusals of one cause are logged together, so often */
#define RADIUS_LISTEN_MAX  16

struct radius_server;

struct radius_server_opts {
    const struct endpoint *listen;
    size_t listen_count;
    const struct radius_nas_table *nas; /* must live until radius_server_set_nas() names another */
    struct session_book *book;
    struct commit *commit;
};

/* Negative errno; out_failed is then the address that can't be had. */
ERR_CHECKED int radius_server_listen(uv_loop_t *loop, const struct radius_server_opts *opts, struct radius_server **out,
                                     struct endpoint *out_failed);

/* ERR_NOMEM: the old ones stay. */
ERR_CHECKED int radius_server_set_nas(struct radius_server *server, const struct radius_nas_table *nas);

struct endpoint radius_server_bound(const struct radius_server *server, size_t index);

const struct radius_tally *radius_server_tally(const struct radius_server *server);
/* One for each entry of the table. Good until the next radius_server_set_nas(). */
const struct radius_heard *radius_server_heard(const struct radius_server *server, size_t *out_count);

/* Before commit_close(). The loop must run on until the handles are gone; then radius_server_free(). */
void radius_server_close(struct radius_server *server);
void radius_server_free(struct radius_server *server);

#endif
