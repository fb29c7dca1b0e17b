#include "config/resolv_conf.h"

#include <stdio.h>
#include <string.h>

#define DNS_PORT 53
#define BLANKS   " \t\r\n"

/* The address behind "nameserver", or NULL for other lines. Cuts the line. */
static const char *server_text(char *line)
{
    char *rest;
    const char *keyword = strtok_r(line, BLANKS, &rest);
    if (keyword == NULL || strcmp(keyword, "nameserver") != 0)
        return NULL;
    return strtok_r(NULL, BLANKS, &rest);
}

size_t resolv_conf_read(const char *path, struct endpoint out[RESOLV_CONF_MAX])
{
    char line[256];
    size_t count = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (count < RESOLV_CONF_MAX && fgets(line, sizeof line, file) != NULL) {
        const char *text = server_text(line);
        if (text != NULL && endpoint_from_text(text, DNS_PORT, &out[count]) == 0)
            count++;
    }
    fclose(file);
    return count;
}
