/*
 * The HTTP side of belisha-notice: one listening socket, its connections, and the site behind it.
 *
 * libmicrohttpd reads requests and writes replies, on the caller's thread: the caller polls http_fd(), for at most
 * http_timeout_ms(), and calls http_run(). Everything a browser sends is bounded here: connections (all, and of one
 * address), header bytes (431), body bytes (413, and an end to the connection for those who go on), time without a byte.
 *
 * Threads: one.
 */
#ifndef NOTICE_HTTP_H
#define NOTICE_HTTP_H

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "notice/site.h"

#define HTTP_CONNECTIONS_MAX        2000  /* of one listening socket */
#define HTTP_CONNECTIONS_PER_CLIENT 200   /* a classroom behind one address */
#define HTTP_HEADERS_MAX            16384 /* bytes of memory of a connection, headers and all */
#define HTTP_IDLE_S                 15

struct http;

/* site outlives it. Negative errno kinds of socket(2), bind(2), listen(2); ERR_NOMEM. */
ERR_CHECKED int http_listen(const struct endpoint *at, struct site *site, struct http **out);
void http_close(struct http *http);

int http_fd(const struct http *http);
/* -1: no timeout wanted. */
int http_timeout_ms(const struct http *http);
void http_run(struct http *http);

#endif
