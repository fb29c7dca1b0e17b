#include "fetch/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static bool read_parts(CURLU *parts, const char *url, char out[URL_SERVER_MAX])
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    bool good = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                snprintf(out, URL_SERVER_MAX, "%s:%s", host, port) < URL_SERVER_MAX;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return good;
}

bool url_server(const char *url, char out[URL_SERVER_MAX])
{
    CURLU *parts = curl_url();
    bool good = parts != NULL && read_parts(parts, url, out);
    curl_url_cleanup(parts);
    for (char *at = out; good && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return good;
}
