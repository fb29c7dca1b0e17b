/*
 * Asks a generation for every name that somebody else has read in the feeds: is it blocked, and is what lies below it?
 *
 *     ask_generation <generation> < "<what and extent><TAB><name><TAB><category>" lines, of names.awk's making
 *
 * Prints each name that is not listed ("missing") or listed and excepted ("excepted"), then the sums. Exit code 0: no name
 * is missing.
 */
#include <stdio.h>
#include <string.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "blockdb/blockdb.h"
#include "dns/name.h"

#define LINE_MAX_LEN 1024
#define SHOWN_MAX    20

struct count {
    unsigned long asked, missing, excepted;
};

/* "x." in front for a name below it. False: no name. */
static bool key_of(const char *text, bool below, struct name_key *out)
{
    char full[LINE_MAX_LEN + 2];
    uint8_t name[NAME_MAX_LEN];
    int len = snprintf(full, sizeof full, "%s%s", below ? "x." : "", text);
    if (name_from_text(full, (size_t)len, name) < 0)
        return false; /* nothing fits below the longest names */
    name_key_make(name, out);
    return true;
}

static void judge(const struct blockdb_match *match, uint64_t bit, const char *below, const char *text,
                  struct count *count)
{
    count->asked++;
    if (match->categories & bit)
        return;
    unsigned long *kind = match->listed & bit ? &count->excepted : &count->missing;
    if (++*kind <= SHOWN_MAX)
        printf("%s: %s%s\n", kind == &count->missing ? "missing" : "excepted", below, text);
}

static void ask(const struct blockdb *db, const char *text, bool below, uint64_t bit, struct count *count)
{
    struct name_key key;
    struct blockdb_match match;
    if (!key_of(text, below, &key))
        return;
    blockdb_lookup(db, &key, &match);
    judge(&match, bit, below ? "x." : "", text, count);
}

static void ask_address(const struct blockdb *db, const char *text, uint64_t bit, struct count *count)
{
    struct prefix prefix;
    struct blockdb_match match;
    if (prefix_from_text(text, &prefix) < 0)
        return;
    blockdb_lookup_address(db, BLOCKDB_ADDRESS_ANSWER, prefix.addr.bytes, &match);
    judge(&match, bit, "", text, count);
}

static bool ask_line(const struct blockdb *db, char *line, struct count *count)
{
    char *name = strchr(line, '\t');
    char *category = name ? strchr(name + 1, '\t') : NULL;
    if (!category)
        return false;
    *name++ = *category++ = '\0';
    category[strcspn(category, "\n")] = '\0';
    int id = category_from_name(category, strlen(category));
    if (id < 0)
        return false;
    if (line[0] == '@')
        ask_address(db, name, CATEGORY_BIT(id), count);
    else if (line[1] != '*')
        ask(db, name, false, CATEGORY_BIT(id), count);
    if (line[1] == '*' || line[1] == '+')
        ask(db, name, true, CATEGORY_BIT(id), count);
    return true;
}

int main(int argc, char **argv)
{
    struct blockdb *db;
    struct count count = {0};
    char line[LINE_MAX_LEN], why[256] = "";
    if (argc != 2 || blockdb_open(argv[1], &db, why, sizeof why) < 0) {
        (void)fprintf(stderr, "usage: ask_generation <generation>; %s\n", why);
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        if (ask_line(db, line, &count))
            continue;
        (void)fprintf(stderr, "ask_generation: not a line of a count: %s", line);
        return 2;
    }
    printf("asked %lu, missing %lu, excepted %lu\n", count.asked, count.missing, count.excepted);
    blockdb_close(db);
    return count.missing > 0;
}
