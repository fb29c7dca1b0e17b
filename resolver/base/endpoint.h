/*
 * Addresses of other ends, as somebody writes them into a configuration: of mail, of a server, of the web. What is good here can
 * stand in an envelope, a header or a request as it is, and leads where it seems to lead.
 *
 * Threads: pure; any thread.
 */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define ENDPOINT_MAX 304 /* bytes of an address of mail, with the closing zero */

/* A mail's address: ASCII, local part and domain, nothing that means something. */
bool endpoint_is_mail(const char *text);
/* A host's name or address, without port: letters, digits, hyphens and dots, or an address of IPv6 without brackets. */
bool endpoint_is_host(const char *text);
/* Whether the host of a server or URL is this machine's loopback: 127.0.0.0/8, ::1, localhost. len: of the host. */
bool endpoint_is_loopback(const char *host, size_t len);
/* https, or http to loopback; without a user in it, who would stand in logs and lists. */
bool endpoint_is_url(const char *url);

#endif
