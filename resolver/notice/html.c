#include "notice/html.h"

#include <string.h>

static const char *html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return "&#39;";
    }
}

void html_add(struct text *html, const char *value)
{
    while (value != NULL && *value != '\0') {
        size_t plain = strcspn(value, "&<>\"'");
        text_add(html, value, plain);
        value += plain;
        if (*value == '\0')
            return;
        const char *entity = html_entity(*value++);
        text_add(html, entity, strlen(entity));
    }
}
