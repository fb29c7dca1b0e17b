#include "export/compiled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blocklist-compiler/compile.h"
#include "export/export.h"

#define FEEDS_MAX 4

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void make_feed(const struct compiled *c, const struct compiled_feed *from, size_t index, char path[128],
                      char name[32], struct recipe_feed *out)
{
    snprintf(name, 32, "feed-%zu", index);
    snprintf(path, 128, "%s/%s", c->dir, name);
    write_file(path, from->text);
    *out = recipe_feed_default();
    while (strcmp(feed_format_at(out->format)->name, from->format) != 0)
        out->format++;
    out->name = name;
    out->source = path;
    out->licence = "CC0";
    out->categories = from->categories;
    out->subdomains = !from->exact;
    out->limits.min = 0;
}

void compiled_init(struct compiled *c, const struct compiled_feed *feeds, size_t count)
{
    struct recipe_feed rows[FEEDS_MAX];
    char paths[FEEDS_MAX][128], names[FEEDS_MAX][32], out[80], current[96], why[256] = "";
    struct compile *compile;
    unsigned line;
    assert_true(count <= FEEDS_MAX);
    strcpy(c->dir, "/tmp/belisha-export-XXXXXX");
    assert_non_null(mkdtemp(c->dir));
    for (size_t i = 0; i < count; i++)
        make_feed(c, &feeds[i], i, paths[i], names[i], &rows[i]);
    snprintf(out, sizeof out, "%s/out", c->dir);
    struct compile_opts opts = {
        .feeds = rows, .feed_count = count, .out = out, .keep = 1, .threads = 1, .help = "", .now_s = 1700000000};
    assert_int_equal(compile_new(&opts, &compile, &line), 0);
    assert_string_equal(compile_run(compile)->why, "");
    compile_free(compile);
    snprintf(current, sizeof current, "%s/current", out);
    assert_int_equal(blockdb_open(current, &c->db, why, sizeof why), 0);
}

void compiled_done(struct compiled *c)
{
    char command[96];
    blockdb_close(c->db);
    snprintf(command, sizeof command, "rm -r %s", c->dir);
    assert_int_equal(system(command), 0);
}

char *compiled_export(const struct compiled *c, const char *format, const struct blockdb_view *view)
{
    struct export_opts opts = {.db = c->db, .format = export_format_find(format), .view = *view};
    struct export_result result;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    assert_int_equal(export_write(&opts, to, &result), 0);
    fclose(to);
    return text;
}

char *compiled_body(const struct compiled *c, const char *format, const struct blockdb_view *view)
{
    char *text = compiled_export(c, format, view), *body = calloc(1, strlen(text) + 1), *state = NULL;
    for (char *line = strtok_r(text, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
        if (strchr(";#$@", line[0]) != NULL)
            continue;
        strcat(body, line);
        strcat(body, "\n");
    }
    free(text);
    return body;
}
