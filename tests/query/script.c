#include "query/script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "dns/name.h"
#include "dns/rr.h"

static const char *file_name;
static int line_number;

void fail(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file_name, line_number);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

FILE *script_open(const char *path)
{
    file_name = path;
    return fopen(path, "r");
}

/* ---- words ---- */

void split(char *text, struct line *out)
{
    out->count = 0;
    for (char *w = strtok(text, " \t\n"); w != NULL; w = strtok(NULL, " \t\n")) {
        if (out->count == WORDS_MAX)
            fail("too many words");
        out->word[out->count++] = w;
    }
}

bool is(const struct line *l, int i, const char *word)
{
    return i < l->count && strcmp(l->word[i], word) == 0;
}

const char *word(const struct line *l, int i)
{
    if (i >= l->count)
        fail("a word is missing after '%s'", l->word[l->count - 1]);
    return l->word[i];
}

/* The rest of the option "key=..." or "" for the bare word; NULL when it is not there. */
const char *option(const struct line *l, int from, const char *key)
{
    size_t len = strlen(key);
    for (int i = from; i < l->count; i++) {
        if (strcmp(l->word[i], key) == 0)
            return "";
        if (strncmp(l->word[i], key, len) == 0 && l->word[i][len] == '=')
            return l->word[i] + len + 1;
    }
    return NULL;
}

void name_read(const char *text, uint8_t out[NAME_MAX_LEN])
{
    int len = name_from_text(text, strlen(text), out);
    if (len < 0)
        fail("no name: %s", text);
}

void lower_read(const char *text, uint8_t out[NAME_MAX_LEN])
{
    name_read(text, out);
    name_lower(out, out, name_len(out));
}

uint64_t categories_read(const char *text)
{
    uint64_t mask = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        int id = category_from_name(text, len);
        if (id < 0)
            fail("no category: %s", text);
        mask |= CATEGORY_BIT(id);
        text += len + (text[len] == ',');
    }
    return mask;
}

uint16_t type_read(const char *text)
{
    int type = dns_type_from_text(text);
    if (type < 0)
        fail("no type: %s", text);
    return (uint16_t)type;
}

size_t hex_read(const char *text, uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (; text[0] != '\0' && text[1] != '\0' && len < cap; text += 2) {
        unsigned byte;
        if (sscanf(text, "%2x", &byte) != 1)
            fail("no hex: %s", text);
        out[len++] = (uint8_t)byte;
    }
    return len;
}

char *unblank(char *text)
{
    for (char *at = text; (at = strchr(at, '_')) != NULL;)
        *at = ' ';
    return text;
}

unsigned class_read(const char *text)
{
    static const struct {
        const char *text;
        unsigned class;
    } classes[] = {{"IN", 1}, {"CH", 3}, {"HS", 4}, {"NONE", 254}, {"ANY", 255}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strcmp(classes[i].text, text) == 0)
            return classes[i].class;
    return (unsigned)atoi(text);
}

unsigned rcode_read(const char *text)
{
    char name[DNS_TYPE_TEXT_MAX];
    for (unsigned i = 0; i <= DNS_RCODE_BADCOOKIE; i++)
        if (strcmp(dns_rcode_to_text(i, name), text) == 0)
            return i;
    fail("no rcode: %s", text);
}

/* ---- indented records under a line ---- */

static void block_add(struct block *b, const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    if (b->count == 32)
        fail("too many records");
    b->authority[b->count] = strncmp(text, "authority ", 10) == 0;
    if (b->authority[b->count])
        text += 10;
    snprintf(b->text[b->count], sizeof b->text[0], "%s", text);
    b->text[b->count][strcspn(b->text[b->count], "\n")] = '\0';
    b->count++;
}

ldns_rr *record_read(const char *text)
{
    ldns_rr *rr = NULL;
    ldns_rdf *root = ldns_dname_new_frm_str(".");
    if (ldns_rr_new_frm_str(&rr, text, 0, root, NULL) != LDNS_STATUS_OK)
        fail("no record: %s", text);
    ldns_rdf_deep_free(root);
    return rr;
}

/* ---- steps ---- */

/* A line with the indented ones below it. */
bool script_step(FILE *file, char *line, size_t cap, struct block *b)
{
    static char ahead[1024];
    static int ahead_number;
    static bool have;
    b->count = 0;
    if (!have) {
        ahead_number++;
        if (fgets(ahead, sizeof ahead, file) == NULL)
            return false;
    }
    have = false;
    line_number = ahead_number;
    snprintf(line, cap, "%s", ahead);
    for (;;) {
        ahead_number++;
        if (fgets(ahead, sizeof ahead, file) == NULL)
            return true;
        if (!isspace((unsigned char)ahead[0]) || ahead[strspn(ahead, " \t\n")] == '\0') {
            have = true;
            return true;
        }
        block_add(b, ahead);
    }
}
