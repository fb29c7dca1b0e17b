/*
 * UT1 and squidGuard trees: <category>/domains, urls, expressions, usage.
 *
 *   domains      a name a line, with those below it; bare addresses are counted
 *   urls         host and path: DNS can't enforce them, and the host alone was not listed
 *   expressions  regular expressions on addresses of pages: the same
 *   usage        "black", "white" or both, then other names of the folder
 *
 * A folder that is a link to another, and a file that is a link, are read once, as what they lead to. `usage` comes
 * behind `domains` in an archive and links may come anywhere, so a tree is walked twice: for its folders, then for the
 * names.
 */
#include "feed/format.h"

#include <stdlib.h>

#include "belisha/category.h"
#include "feed/tree.h"

#define FOLDERS_MAX     1024
#define FOLDER_NAME_MAX 63
#define USAGE_MAX       255

struct folder {
    char name[FOLDER_NAME_MAX + 1];
    char link[FOLDER_NAME_MAX + 1]; /* the folder it leads to, or "" */
    char usage[USAGE_MAX + 1];      /* words of its usage file */
    bool white;                     /* for allowing only */
};

struct folders {
    struct folder *rows;
    size_t count;
};

#define BIT(suffix) CATEGORY_BIT(CATEGORY_##suffix)

/* UT1's own folders. Those that are white lists, trials or about no concern of a school are left out on purpose. */
static const struct feed_folder ut1_folders[] = {
    {"adult", BIT(PORNOGRAPHY)},
    {"agressif", BIT(DISCRIMINATION) | BIT(VIOLENCE)},
    {"ai", BIT(GENERATIVE_AI)},
    {"arjel", BIT(GAMBLING)},
    {"audio-video", BIT(STREAMING)},
    {"bitcoin", BIT(FINANCE)},
    {"chat", BIT(CHAT)},
    {"cryptojacking", BIT(CRYPTO_MINING)},
    {"dangerous_material", BIT(WEAPONS)},
    {"dating", BIT(DATING)},
    {"ddos", BIT(HACKING)},
    {"doh", BIT(CIRCUMVENTION)},
    {"download", BIT(DOWNLOADS)},
    {"drogue", BIT(DRUGS)},
    {"dynamic-dns", BIT(DYNAMIC_DNS)},
    {"fakenews", BIT(MISINFORMATION)},
    {"filehosting", BIT(FILE_SHARING)},
    {"financial", BIT(FINANCE)},
    {"forums", BIT(NEWSGROUPS)},
    {"gambling", BIT(GAMBLING)},
    {"games", BIT(GAMING)},
    {"hacking", BIT(HACKING)},
    {"lingerie", BIT(ADULT_MIXED)},
    {"malware", BIT(MALWARE)},
    {"marketingware", BIT(ADVERTISING)},
    {"mixed_adult", BIT(ADULT_MIXED)},
    {"phishing", BIT(PHISHING)},
    {"press", BIT(NEWS)},
    {"publicite", BIT(ADVERTISING)},
    {"radio", BIT(STREAMING)},
    {"redirector", BIT(CIRCUMVENTION)},
    {"remote-control", BIT(REMOTE_CONTROL)},
    {"residential-proxies", BIT(CIRCUMVENTION)},
    {"sect", BIT(SECTS)},
    {"shopping", BIT(SHOPPING)},
    {"shortener", BIT(URL_SHORTENERS)},
    {"social_networks", BIT(SOCIAL_MEDIA)},
    {"sports", BIT(SPORTS)},
    {"stalkerware", BIT(MALWARE)},
    {"strict_redirector", BIT(CIRCUMVENTION)},
    {"strong_redirector", BIT(CIRCUMVENTION)},
    {"vpn", BIT(CIRCUMVENTION)},
    {"warez", BIT(PIRACY)},
    {"webmail", BIT(WEBMAIL)},
};

/* Where in a tree a file is: "any/thing/<folder>/<file>". */
struct place {
    char folder[FOLDER_NAME_MAX + 1]; /* "" at the top */
    const char *file;
    const char *shown; /* the path from the folder on, for reports */
};

/* False when the folder's name is too long. */
static bool split_path(const char *path, struct place *out)
{
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        len--;
    const char *slash = memrchr(path, '/', len);
    const char *before = slash == NULL ? NULL : memrchr(path, '/', (size_t)(slash - path));
    const char *start = before == NULL ? path : before + 1;
    size_t folder_len = slash == NULL ? 0 : (size_t)(slash - start);
    if (folder_len > FOLDER_NAME_MAX)
        return false;
    memcpy(out->folder, start, folder_len);
    out->folder[folder_len] = '\0';
    if (strcmp(out->folder, ".") == 0)
        out->folder[0] = '\0';
    out->file = slash == NULL ? path : slash + 1;
    out->shown = start;
    return true;
}

static struct folder *find_folder(const struct folders *folders, const char *name)
{
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->rows[i].name, name) == 0)
            return &folders->rows[i];
    }
    return NULL;
}

static int add_folder(struct folders *folders, const char *name, struct folder **out)
{
    *out = find_folder(folders, name);
    if (*out != NULL)
        return 0;
    if (folders->count == FOLDERS_MAX)
        return ERR_LIMIT;
    if (folders->rows == NULL)
        folders->rows = calloc(FOLDERS_MAX, sizeof *folders->rows);
    if (folders->rows == NULL)
        return ERR_NOMEM;
    *out = &folders->rows[folders->count++];
    memcpy((*out)->name, name, strlen(name) + 1);
    return 0;
}

static void read_usage(struct folder *folder, struct span text)
{
    bool black = false, white = false;
    size_t len = 0;
    while (text.len > 0) {
        struct span line = span_cut(&text, '\n');
        line.len = span_find(line, '#');
        for (struct span word = span_word(&line); word.len > 0; word = span_word(&line)) {
            black |= span_equals(word, "black");
            white |= span_equals(word, "white");
            if (len + word.len + 1 >= sizeof folder->usage)
                continue;
            memcpy(folder->usage + len, word.at, word.len);
            len += word.len;
            folder->usage[len++] = ' ';
        }
    }
    folder->usage[len] = '\0';
    folder->white = white && !black;
}

/* A link whose own name is a folder ("porn -> adult"): its name goes to the folder it leads to. */
static int note_link(struct folders *folders, const struct tree_entry *entry)
{
    struct place from, to;
    struct folder *row;
    char name[FOLDER_NAME_MAX + 1] = {0};
    if (!split_path(entry->path, &from) || !split_path(entry->link, &to))
        return 0;
    size_t name_len = strcspn(from.file, "/"), target_len = strcspn(to.file, "/");
    if (name_len > FOLDER_NAME_MAX || target_len > FOLDER_NAME_MAX)
        return 0;
    memcpy(name, from.file, name_len);
    int err = add_folder(folders, name, &row);
    if (err < 0)
        return err;
    memcpy(row->link, to.file, target_len);
    row->link[target_len] = '\0';
    return 0;
}

static int note_entry(struct tree *tree, struct folders *folders, const struct tree_entry *entry)
{
    struct place place;
    struct folder *row;
    struct span text;
    if (entry->link != NULL)
        return note_link(folders, entry);
    if (!entry->file || !split_path(entry->path, &place) || strcmp(place.file, "usage") != 0)
        return 0;
    int err = add_folder(folders, place.folder, &row);
    if (err == 0)
        err = tree_read(tree, &text);
    if (err == 0)
        read_usage(row, text);
    return err;
}

uint64_t ut1_categories(void)
{
    uint64_t categories = 0;
    for (size_t i = 0; i < sizeof ut1_folders / sizeof ut1_folders[0]; i++)
        categories |= ut1_folders[i].categories;
    return categories;
}

static bool map_find(const struct intake_opts *opts, struct span folder, uint64_t *out)
{
    const struct feed_folder *rows = opts->folders;
    size_t count = opts->folder_count;
    if (rows == NULL) {
        rows = ut1_folders;
        count = sizeof ut1_folders / sizeof ut1_folders[0];
    }
    for (size_t i = 0; i < count; i++) {
        if (span_equals(folder, rows[i].folder)) {
            *out = rows[i].categories;
            return true;
        }
    }
    return false;
}

/* A folder's categories: by its name, by a link that leads to it, by the other names in its usage file. */
static bool categories_of(const struct intake *in, const struct folders *folders, const char *name, uint64_t *out)
{
    const struct folder *row = find_folder(folders, name);
    if (in->opts.folders == NULL && in->opts.categories != 0) {
        *out = in->opts.categories;
        return true;
    }
    if (map_find(&in->opts, span_of(name), out))
        return true;
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->rows[i].link, name) == 0 && map_find(&in->opts, span_of(folders->rows[i].name), out))
            return true;
    }
    struct span usage = span_of(row == NULL ? "" : row->usage);
    for (struct span word = span_word(&usage); word.len > 0; word = span_word(&usage)) {
        if (map_find(&in->opts, word, out))
            return true;
    }
    return false;
}

static int refuse_line(struct intake *in, struct span line, enum refusal refusal)
{
    return line.at[0] == '#' ? 0 : intake_refuse(in, refusal, line);
}

static int url_line(struct intake *in, struct span line)
{
    return refuse_line(in, line, REFUSED_URL);
}

static int expression_line(struct intake *in, struct span line)
{
    return refuse_line(in, line, REFUSED_EXPRESSION);
}

static int unmapped_line(struct intake *in, struct span line)
{
    return refuse_line(in, line, REFUSED_NO_CATEGORY);
}

static int white_line(struct intake *in, struct span line)
{
    return refuse_line(in, line, REFUSED_WHITE_LIST);
}

static int read_file(struct intake *in, const struct folders *folders, const struct place *place, struct span text)
{
    const struct folder *row = find_folder(folders, place->folder);
    in->file = place->shown;
    if (strcmp(place->file, "urls") == 0)
        return intake_each_line(in, text, url_line);
    if (strcmp(place->file, "domains") != 0)
        return intake_each_line(in, text, expression_line);
    if (row != NULL && row->white)
        return intake_each_line(in, text, white_line);
    if (!categories_of(in, folders, place->folder, &in->categories))
        return intake_each_line(in, text, unmapped_line);
    return domains_parse(in, text);
}

static int read_entry(struct intake *in, struct tree *tree, const struct folders *folders,
                      const struct tree_entry *entry)
{
    static const char *const files[] = {"domains", "urls", "expressions", "very_restrictive_expression"};
    struct place place;
    struct span text;
    if (entry->link != NULL) {
        in->stats->aliases++;
        return 0;
    }
    if (!entry->file || !split_path(entry->path, &place))
        return 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(place.file, files[i]) != 0)
            continue;
        int err = tree_read(tree, &text);
        return err < 0 ? err : read_file(in, folders, &place, text);
    }
    return 0;
}

/* One walk over the tree: for the folders when in is NULL, else for the names. */
static int walk(const struct tree_source *source, struct folders *folders, struct intake *in)
{
    struct tree *tree;
    struct tree_entry entry;
    int err = tree_open(source, &tree);
    if (err < 0)
        return err;
    while ((err = tree_next(tree, &entry)) == 1) {
        err = in == NULL ? note_entry(tree, folders, &entry) : read_entry(in, tree, folders, &entry);
        if (err < 0)
            break;
    }
    tree_close(tree);
    return err;
}

static int parse(struct intake *in, const struct tree_source *source)
{
    struct folders folders = {NULL, 0};
    const char *feed_file = in->file;
    in->opts.subdomains = true; /* squidGuard: a listed name stands for those below it */
    int err = walk(source, &folders, NULL);
    if (err == 0)
        err = walk(source, &folders, in);
    in->file = feed_file; /* paths inside the tree went with it */
    free(folders.rows);
    return err;
}

int ut1_parse(struct intake *in, const char *path)
{
    struct tree_source source = {.path = path, .bytes_max = in->opts.bytes_max};
    return parse(in, &source);
}

int ut1_parse_archive(struct intake *in, struct span archive)
{
    struct tree_source source = {.archive = archive, .bytes_max = in->opts.bytes_max};
    return parse(in, &source);
}
