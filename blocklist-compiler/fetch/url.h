/* What we need to know about addresses of the web. Threads: pure; any thread. */
#ifndef FETCH_URL_H
#define FETCH_URL_H

#include <stdbool.h>

#define URL_MAX        2048
#define URL_SERVER_MAX 320

/* Who answers at an https address: "name:port" in lower case. False when url is no https address. */
bool url_server(const char *url, char out[URL_SERVER_MAX]);

#endif
