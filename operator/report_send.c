#include "operator/report_send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/line_file.h"
#include "delivery/deliver.h"
#include "operator/report_zip.h"
#include "operator/routes.h"

#define TARGETS_MAX 64
#define FILES_MAX   3

/* ---- who has got it ---- */

struct sent {
    struct line_file file;
    bool open;
    char *targets[TARGETS_MAX];
    size_t count;
};

static int sent_take(void *ctx, const char *line, size_t len)
{
    struct sent *sent = ctx;
    if (sent->count < TARGETS_MAX)
        sent->targets[sent->count++] = strndup(line, len);
    return 0;
}

static void sent_path(const struct report_files *files, char out[REPORT_PATH_MAX])
{
    snprintf(out, REPORT_PATH_MAX, "%.3800s/%.159s.sent", files->folder, files->stem);
}

static void sent_done(struct sent *sent)
{
    for (size_t i = 0; i < sent->count; i++)
        free(sent->targets[i]);
    if (sent->open)
        line_file_done(&sent->file);
}

/* Only to look. No file: nobody has it. */
static int sent_look(const struct report_files *files, struct sent *sent)
{
    char path[REPORT_PATH_MAX];
    *sent = (struct sent){.count = 0};
    sent_path(files, path);
    const int code = line_file_look(path, sent_take, sent);
    return code == ERR_NOENT ? 0 : code;
}

static int sent_open(const struct report_files *files, struct sent *sent)
{
    char path[REPORT_PATH_MAX];
    *sent = (struct sent){.count = 0};
    sent_path(files, path);
    int code = line_file_init(&sent->file, path);
    if (code < 0)
        return code;
    sent->open = true;
    code = line_file_open(&sent->file, 0640);
    return code < 0 ? code : line_file_load(&sent->file, sent_take, sent);
}

static bool sent_has(const struct sent *sent, const char *target)
{
    for (size_t i = 0; i < sent->count; i++)
        if (sent->targets[i] != NULL && strcmp(sent->targets[i], target) == 0)
            return true;
    return false;
}

static int sent_add(struct sent *sent, const char *target)
{
    char line[ROUTE_TARGET_MAX + 2];
    const int len = snprintf(line, sizeof line, "%.320s\n", target);
    return line_file_append(&sent->file, line, (size_t)len);
}

/* ---- whom ---- */

static size_t targets_of(const struct config *config, enum config_report_kind which, const char *out[TARGETS_MAX])
{
    const struct config_report *kind = &config->reports.kinds[which];
    size_t count = 0;
    for (size_t i = 0; i < kind->to_count; i++) {
        const char *some[TARGETS_MAX];
        const size_t more = routes_targets(config, kind->to[i], some, TARGETS_MAX);
        for (size_t k = 0; k < more && count < TARGETS_MAX; k++) {
            bool known = false;
            for (size_t j = 0; j < count; j++)
                known |= strcmp(out[j], some[k]) == 0;
            if (!known)
                out[count++] = some[k];
        }
    }
    return count;
}

bool report_is_sent(const struct operator_env *env, const struct report_options *options,
                    const struct report_files *files)
{
    const char *targets[TARGETS_MAX];
    const size_t count = targets_of(env->config, options->kind, targets);
    struct sent sent;
    bool all = sent_look(files, &sent) == 0;
    for (size_t i = 0; i < count && all; i++)
        all = sent_has(&sent, targets[i]);
    sent_done(&sent);
    return all;
}

bool report_term_is_over(const struct calendar *calendar, const struct period *period, int64_t now_s)
{
    const int32_t today = calendar_local(calendar, now_s).day;
    for (size_t i = 0; i < calendar->term_count; i++)
        if (calendar->terms[i].first <= period->first && calendar->terms[i].last >= today)
            return false;
    return true;
}

/* ---- what ---- */

struct letter {
    struct text subject, text;
    char id[MESSAGE_ID_MAX];
    struct message_file files[FILES_MAX];
    char zip[REPORT_PATH_MAX]; /* names in files point into it */
    char *bytes[FILES_MAX];
    size_t file_count;
    struct message_field fields[3];
};

static const char *const titles[CONFIG_REPORT_KINDS] = {"Weekly sheet", "Daily sheet",
                                                        "Filtering report for governors"};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int attach(struct letter *letter, const char *path, const char *type)
{
    size_t len;
    const size_t i = letter->file_count;
    if (path[0] == '\0')
        return 0;
    const int code = file_read_path(path, MESSAGE_BYTES_MAX, &letter->bytes[i], &len);
    if (code < 0)
        return code;
    letter->files[i] =
        (struct message_file){.name = base_name(path), .type = type, .bytes = letter->bytes[i], .len = len};
    letter->file_count++;
    return 0;
}

static int attach_all(struct letter *letter, const struct report_files *files)
{
    int code = attach(letter, files->page, "text/html; charset=utf-8");
    if (code == 0)
        code = attach(letter, files->visits, "text/csv; charset=utf-8");
    return code < 0 ? code : attach(letter, files->pdf, "application/pdf");
}

static void add_where(struct letter *letter, const struct config *config, const struct report_files *files)
{
    const char *folder = config->reports.link != NULL ? config->reports.link : files->folder;
    text_printf(&letter->text, "It is kept here:\n\n    %s/%s\n", folder, base_name(files->page));
}

/* Says nothing of what is in it: this travels in clear. */
static void write_words(struct letter *letter, const struct operator_env *env, const struct report_options *options,
                        const struct report_files *files, bool is_attached)
{
    char title[PERIOD_TEXT_MAX];
    const char *school = env->config->notice.school;
    period_title(&options->period, title);
    text_printf(&letter->subject, "%s, %s", titles[options->kind], title);
    if (school != NULL)
        text_printf(&letter->text, "%s\n\n", school);
    text_printf(&letter->text, "The %s of %s is ready.\n\n",
                options->kind == CONFIG_REPORT_WEEKLY  ? "weekly sheet"
                : options->kind == CONFIG_REPORT_DAILY ? "daily sheet"
                                                       : "filtering report for governors",
                title);
    if (is_attached && options->kind == CONFIG_REPORT_GOVERNORS)
        text_printf(&letter->text, "It comes with this message, and names nobody.\n");
    else if (is_attached)
        text_printf(&letter->text,
                    "It comes with this message, in a ZIP file that opens with the passphrase the school has "
                    "agreed on.\nPlease keep it where safeguarding records are kept.\n");
    else
        add_where(letter, env->config, files);
    text_printf(&letter->text,
                "\nThis message was sent by Belisha, the school's DNS server. It names nobody, and an answer is not "
                "read.\n");
}

static int letter_begin(struct letter *letter, const struct operator_env *env, const struct report_options *options,
                        const struct report_files *files, enum route_kind route, int64_t now_s)
{
    const bool is_folder = route == ROUTE_FOLDER, is_mail = route == ROUTE_MAIL;
    const bool in_clear = options->kind == CONFIG_REPORT_GOVERNORS;
    const bool encrypted = is_mail && !in_clear && env->config->reports.kinds[options->kind].attached;
    int code = 0;
    *letter = (struct letter){.file_count = 0};
    snprintf(letter->id, sizeof letter->id, "report-%.60s", files->stem);
    write_words(letter, env, options, files, encrypted || (is_mail && in_clear));
    if (is_folder || (is_mail && in_clear))
        code = attach_all(letter, files);
    else if (encrypted) {
        code = report_zip_write(env, files, now_s, letter->zip);
        if (code == 0)
            code = attach(letter, letter->zip, "application/zip");
        report_zip_remove(letter->zip);
    }
    return code == 0 && text_ok(&letter->text) && text_ok(&letter->subject) ? 0 : code < 0 ? code : ERR_NOMEM;
}

static void letter_done(struct letter *letter)
{
    text_done(&letter->subject);
    text_done(&letter->text);
    for (size_t i = 0; i < FILES_MAX; i++)
        free(letter->bytes[i]);
}

/* ---- sending ---- */

struct sending {
    const struct operator_env *env;
    const struct report_options *options;
    const struct report_files *files;
    struct route_tables tables;
    struct sent sent;
    int64_t now_s;
};

static enum outcome hand_over(struct sending *s, const char *target, const struct letter *letter,
                              char why[DELIVER_WHY_MAX])
{
    char days[PERIOD_TEXT_MAX];
    const struct message_field fields[] = {{.name = "report", .value = report_kind_word(s->options->kind)},
                                           {.name = "days", .value = period_name(&s->options->period, days)}};
    const struct message message = {.id = letter->id,
                                    .time_s = s->now_s,
                                    .kind = "report",
                                    .subject = letter->subject.bytes,
                                    .text = letter->text.bytes,
                                    .severity = MESSAGE_NOTICE,
                                    .files = letter->files,
                                    .file_count = letter->file_count,
                                    .fields = fields,
                                    .field_count = sizeof fields / sizeof fields[0]};
    return deliver(&s->tables.routes, target, &message, why);
}

static bool send_to(struct sending *s, const char *target)
{
    enum route_kind route;
    struct letter letter = {.file_count = 0};
    char why[DELIVER_WHY_MAX] = "";
    enum outcome outcome = OUTCOME_REFUSED;
    int code = route_kind_of(target, &route);
    if (code == 0)
        code = letter_begin(&letter, s->env, s->options, s->files, route, s->now_s);
    if (code == 0)
        outcome = hand_over(s, target, &letter, why);
    else
        snprintf(why, sizeof why, "%s", err_str(code));
    letter_done(&letter);
    if (outcome != OUTCOME_SENT) {
        fprintf(s->env->err, "belisha report: %s: not sent to %s: %s\n", s->files->stem, target, why);
        return false;
    }
    fprintf(s->env->out, "sent to %s\n", target);
    code = sent_add(&s->sent, target);
    if (code < 0)
        fprintf(s->env->err, "belisha report: %s.sent: %s: it may be sent again\n", s->files->stem, err_str(code));
    return code == 0;
}

bool report_send(const struct operator_env *env, const struct report_options *options, const struct report_files *files,
                 int64_t now_s)
{
    const char *targets[TARGETS_MAX];
    const size_t count = targets_of(env->config, options->kind, targets);
    struct sending s = {.env = env, .options = options, .files = files, .now_s = now_s};
    bool all = true;
    int code = sent_open(files, &s.sent);
    if (code == 0)
        code = routes_init(&s.tables, env->config);
    if (code == 0)
        code = deliver_init();
    if (code < 0) {
        fprintf(env->err, "belisha report: %s can't be sent: %s\n", files->stem, err_str(code));
        sent_done(&s.sent);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!sent_has(&s.sent, targets[i]))
            all &= send_to(&s, targets[i]);
    if (count == 0 && !options->if_due)
        fprintf(env->out, "nobody is configured to get it (reports.%s.to)\n", report_kind_word(options->kind));
    deliver_done();
    routes_done(&s.tables);
    sent_done(&s.sent);
    return all;
}
