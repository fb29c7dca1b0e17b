#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "belisha/verdict.h"

static const struct export_format *const formats[] = {&export_rpz, &export_hosts, &export_domains, &export_unbound};

const struct export_format *export_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

void export_rule(struct export *e, const char *format, ...)
{
    va_list args;
    e->result.written++;
    if (e->to == NULL)
        return;
    va_start(args, format);
    (void)vfprintf(e->to, format, args);
    va_end(args);
}

void export_lose(struct export *e, enum loss loss, const char *text)
{
    if (e->to == NULL)
        losses_add(&e->result.losses, loss, text);
}

void export_lose_address(struct export *e, const struct blockdb_address *address)
{
    struct ipaddr addr = ipaddr_from_v6(address->addr);
    char text[IPADDR_TEXT_MAX], both[IPADDR_TEXT_MAX + 8];
    unsigned bits = ipaddr_is_v4(&addr) && address->bits >= 96 ? address->bits - 96u : address->bits;
    snprintf(both, sizeof both, "%s/%u", ipaddr_to_text(&addr, text), bits);
    export_lose(e, address->use == BLOCKDB_ADDRESS_CLIENT ? LOSS_CLIENT : LOSS_ADDRESS, both);
}

void export_write_losses(const struct losses *losses, const char *before, FILE *to)
{
    for (int i = 0; i < LOSS_COUNT; i++) {
        uint64_t count = losses->rows[i].count;
        if (count == 0)
            continue;
        fprintf(to, "%s%" PRIu64 " %s\n", before, count, loss_sentence((enum loss)i));
        for (uint64_t k = 0; k < count && k < LOSS_SAMPLES; k++)
            fprintf(to, "%s    %s\n", before, losses->rows[i].samples[k]);
        if (count > LOSS_SAMPLES)
            fprintf(to, "%s    and %" PRIu64 " more\n", before, count - LOSS_SAMPLES);
    }
}

/* A text of the list, of which nothing may end the comment. */
static void write_words(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, to);
}

static void write_categories(const struct export *e)
{
    if ((e->opts.view.categories | CATEGORY_BIT(CATEGORY_ILLEGAL)) == UINT64_MAX) {
        fputs(" all", e->to);
        return;
    }
    for (unsigned id = 0; id < CATEGORY_MAX; id++)
        if ((e->opts.view.categories & CATEGORY_BIT(id)) != 0 && category_name(id) != NULL)
            fprintf(e->to, " %s", category_name(id));
}

static void write_feeds(const struct export *e, const char *comment)
{
    for (size_t i = 0; i < blockdb_feed_count(e->opts.db); i++) {
        const struct blockdb_feed *feed = blockdb_feed(e->opts.db, i);
        if ((e->opts.view.feed != VERDICT_NO_FEED && e->opts.view.feed != i) ||
            (feed->categories & e->opts.view.categories) == 0)
            continue;
        fprintf(e->to, "%s   ", comment);
        write_words(e->to, feed->name);
        fputs(": licence ", e->to);
        write_words(e->to, feed->licence[0] == '\0' ? "not said" : feed->licence);
        fputc('\n', e->to);
    }
}

static void write_head(const struct export *e, const struct export_result *survey)
{
    const char *comment = e->opts.format->comment;
    char before[8], built[32] = "an unknown day";
    time_t built_s = (time_t)blockdb_built_s(e->opts.db);
    struct tm tm;
    bool lost = false;
    if (gmtime_r(&built_s, &tm) != NULL)
        (void)strftime(built, sizeof built, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(e->to, "%s Generation %" PRIu64 " of a Belisha blocklist, built %s, as %s.\n", comment,
            blockdb_generation(e->opts.db), built, e->opts.format->title);
    fprintf(e->to, "%s %" PRIu64 " lines. Categories:", comment, survey->written);
    write_categories(e);
    fprintf(e->to, "\n%s Feeds:\n", comment);
    write_feeds(e, comment);
    for (int i = 0; i < LOSS_COUNT; i++)
        lost |= survey->losses.rows[i].count > 0;
    if (!lost)
        return;
    fprintf(e->to, "%s Not said as the list says it:\n", comment);
    snprintf(before, sizeof before, "%s   ", comment);
    export_write_losses(&survey->losses, before, e->to);
}

int export_write(const struct export_opts *opts, FILE *to, struct export_result *out)
{
    struct export survey = {.opts = *opts}, e = {.opts = *opts, .to = to};
    survey.opts.view.categories &= ~CATEGORY_BIT(CATEGORY_ILLEGAL);
    e.opts = survey.opts;
    int err = nodes_walk(&survey);
    if (err < 0)
        return err;
    write_head(&e, &survey.result);
    if (e.opts.format->begin != NULL)
        e.opts.format->begin(&e);
    err = nodes_walk(&e);
    if (err < 0)
        return err;
    errno = 0;
    if (fflush(to) != 0 || ferror(to))
        return errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
    *out = survey.result;
    return 0;
}
