/*
 * The machine's own name servers, as resolv.conf(5) names them. Threads: pure but for reading the file.
 */
#ifndef CONFIG_RESOLV_CONF_H
#define CONFIG_RESOLV_CONF_H

#include <stddef.h>

#include "base/ipaddr.h"

#define RESOLV_CONF_MAX 8 /* further servers are left out */

/* Fills out and returns how many there are: 0 when the file can't be read or names none. Port 53. */
size_t resolv_conf_read(const char *path, struct endpoint out[RESOLV_CONF_MAX]);

#endif
