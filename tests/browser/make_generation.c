/*
 * make_generation NAME=CATEGORY...: publishes a generation that lists each name, with all below it, in its category, and
 * prints the folder it made. The caller removes the folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "support/generation.h"

#define RULES_MAX 64

int main(int argc, char **argv)
{
    static struct generation_rule rules[RULES_MAX];
    struct generation generation;
    size_t count = 0;
    for (int i = 1; i < argc && count < RULES_MAX; i++) {
        char *category = strchr(argv[i], '=');
        int id = category == NULL ? -1 : category_from_name(category + 1, strlen(category + 1));
        if (id < 0) {
            fprintf(stderr, "make_generation: '%s' is not NAME=CATEGORY\n", argv[i]);
            return 2;
        }
        *category = '\0';
        rules[count++] =
            (struct generation_rule){argv[i], GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(id), (uint16_t)id};
    }
    generation_init(&generation, rules, count);
    puts(generation.folder);
    return 0;
}
