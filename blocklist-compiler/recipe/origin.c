#include "recipe/origin.h"

#include <stdio.h>
#include <string.h>

#include "base/category.h"

#define LINE_LEN_MAX (PATH_MAX + 16)

static int path_of(const char *folder, const char *file, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/%s", folder, file);
    return len < 0 || len >= PATH_MAX ? ERR_LIMIT : 0;
}

static void write_word(FILE *to, const char *word, const char *value)
{
    if (value[0] != '\0')
        fprintf(to, "%s %s\n", word, value);
}

int origin_note(const char *folder, const struct origin *origin)
{
    char path[PATH_MAX], made[PATH_MAX];
    int err = path_of(folder, "origin", path);
    if (err == 0)
        err = path_of(folder, "origin-new", made);
    if (err < 0)
        return err;
    FILE *file = fopen(made, "we");
    if (file == NULL)
        return errno == EACCES || errno == EROFS ? ERR_ACCESS : errno == ENOSPC ? ERR_NOSPACE : ERR_IO;
    write_word(file, "recipe", origin->recipe);
    write_word(file, "list", origin->list);
    write_word(file, "format", origin->format);
    write_word(file, "category", origin->category);
    write_word(file, "exact", origin->exact ? "yes" : "");
    bool written = !ferror(file);
    written &= fclose(file) == 0;
    if (!written || rename(made, path) < 0)
        return errno == ENOSPC ? ERR_NOSPACE : ERR_IO;
    return 0;
}

static void take_word(struct origin *origin, const char *word, const char *value)
{
    const struct {
        const char *word;
        char *to;
        size_t cap;
    } words[] = {{"recipe", origin->recipe, sizeof origin->recipe},
                 {"list", origin->list, sizeof origin->list},
                 {"format", origin->format, sizeof origin->format},
                 {"category", origin->category, sizeof origin->category}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, word) == 0 && strlen(value) < words[i].cap)
            strcpy(words[i].to, value);
    if (strcmp(word, "exact") == 0)
        origin->exact = true;
}

int origin_read(const char *folder, struct origin *out)
{
    char line[LINE_LEN_MAX], path[PATH_MAX];
    struct origin origin = {.exact = false};
    int err = path_of(folder, "origin", path);
    if (err < 0)
        return err;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, ' ');
        if (value == NULL)
            continue;
        *value = '\0';
        take_word(&origin, line, value + 1);
    }
    fclose(file);
    if ((origin.recipe[0] == '\0') == (origin.list[0] == '\0'))
        return ERR_MALFORMED;
    *out = origin;
    return 0;
}

int origin_feed(const struct origin *origin, const char *const formats[], struct recipe_feed *out,
                const char **out_wrong)
{
    struct recipe_feed feed = recipe_feed_default();
    int category = category_from_name(origin->category, strlen(origin->category));
    while (formats[feed.format] != NULL && strcmp(formats[feed.format], origin->format) != 0)
        feed.format++;
    if (formats[feed.format] == NULL || (category < 0 && origin->category[0] != '\0')) {
        *out_wrong = formats[feed.format] == NULL ? origin->format : origin->category;
        return ERR_INVAL;
    }
    feed.name = "list";
    feed.source = origin->list;
    feed.categories = category < 0 ? 0 : CATEGORY_BIT(category);
    feed.subdomains = !origin->exact;
    *out = feed;
    return 0;
}
