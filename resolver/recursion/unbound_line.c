#include "recursion/unbound_line.h"

#include <stddef.h>
#include <string.h>

#define HEAD "] unbound["

/* The text behind "[time] unbound[pid:thread] ", or NULL. */
static const char *skip_head(const char *line)
{
    if (line[0] != '[')
        return NULL;
    const char *at = line + 1 + strspn(line + 1, "0123456789");
    if (strncmp(at, HEAD, strlen(HEAD)) != 0)
        return NULL;
    at += strlen(HEAD);
    at += strspn(at, "0123456789abcdef:");
    return strncmp(at, "] ", 2) == 0 ? at + 2 : NULL;
}

void unbound_line_read(const char *line, struct unbound_line *out)
{
    static const struct {
        const char *word;
        enum log_level level;
    } levels[] = {
        {"fatal error: ", LOG_LEVEL_ERROR}, {"error: ", LOG_LEVEL_ERROR}, {"warning: ", LOG_LEVEL_WARNING},
        {"notice: ", LOG_LEVEL_INFO},       {"info: ", LOG_LEVEL_INFO},   {"debug: ", LOG_LEVEL_INFO},
    };
    const char *rest = skip_head(line);
    *out = (struct unbound_line){.level = LOG_LEVEL_WARNING, .text = line};
    for (size_t i = 0; rest != NULL && i < sizeof levels / sizeof levels[0]; i++) {
        size_t len = strlen(levels[i].word);
        if (strncmp(rest, levels[i].word, len) == 0) {
            *out = (struct unbound_line){.level = levels[i].level, .text = rest + len};
            return;
        }
    }
}
