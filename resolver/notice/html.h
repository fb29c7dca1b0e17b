/* Text as HTML. Threads: pure; any thread. */
#ifndef NOTICE_HTML_H
#define NOTICE_HTML_H

#include "base/text.h"

/* Escaped for element content and for quoted attribute values. value may be NULL: nothing. */
void html_add(struct text *html, const char *value);

#endif
