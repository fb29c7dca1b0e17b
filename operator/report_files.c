#include "operator/report_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/outfile.h"
#include "operator/report_pdf.h"
#include "sheet/daily.h"
#include "sheet/governors.h"
#include "sheet/visits_csv.h"
#include "sheet/weekly.h"

#define FILE_MODE   0640
#define FOLDER_MODE 0750

static bool complain(const struct report_data *data, const char *path, int code)
{
    fprintf(data->err, "belisha report: %s: %s\n", path, err_str(code));
    return false;
}

static void join(const struct report_files *files, const char *end, char out[REPORT_PATH_MAX])
{
    snprintf(out, REPORT_PATH_MAX, "%.3800s/%.159s%s", files->folder, files->stem, end);
}

void report_files_name(const struct report_options *options, const struct config *config, struct report_files *out)
{
    char days[PERIOD_TEXT_MAX];
    *out = (struct report_files){.page = ""};
    snprintf(out->folder, sizeof out->folder, "%s", options->folder != NULL ? options->folder : config->reports.dir);
    snprintf(out->stem, sizeof out->stem, "%s-%s%s", report_kind_word(options->kind),
             period_name(&options->period, days), options->period.is_over ? "" : "-so-far");
    join(out, ".html", out->page);
    if (options->kind != CONFIG_REPORT_GOVERNORS)
        join(out, ".csv", out->visits);
    if (options->pdf)
        join(out, ".pdf", out->pdf);
}

/* csv: of the file beside it; NULL: there is none. */
static void put_page(const struct report_data *data, enum config_report_kind kind, const char *csv, FILE *to)
{
    switch (kind) {
    case CONFIG_REPORT_WEEKLY:
        weekly_write(&data->sheet, csv, to);
        break;
    case CONFIG_REPORT_DAILY:
        daily_write(&data->sheet, to);
        break;
    case CONFIG_REPORT_GOVERNORS:
        governors_write(&data->sheet, to);
        break;
    case CONFIG_REPORT_KINDS:
        break;
    }
}

static bool write_page(const struct report_data *data, enum config_report_kind kind, const char *path, const char *csv)
{
    struct outfile file;
    int code = outfile_open(&file, path, FILE_MODE);
    if (code == 0) {
        put_page(data, kind, csv, file.file);
        code = outfile_commit(&file);
    }
    return code == 0 || complain(data, path, code);
}

static bool write_visits(const struct report_data *data, const char *path)
{
    struct outfile file;
    int code = outfile_open(&file, path, FILE_MODE);
    if (code < 0)
        return complain(data, path, code);
    code = visits_csv_write(&data->sheet, file.file);
    if (code == 0)
        code = outfile_commit(&file);
    else
        outfile_abort(&file);
    return code == 0 || complain(data, path, code);
}

bool report_files_write(const struct report_data *data, const struct report_options *options,
                        struct report_files *files)
{
    const char *csv = files->visits[0] == '\0' ? NULL : strrchr(files->visits, '/') + 1;
    if (mkdir(files->folder, FOLDER_MODE) < 0 && errno != EEXIST)
        return complain(data, files->folder, -errno);
    if (!write_page(data, options->kind, files->page, csv))
        return false;
    if (csv != NULL && !write_visits(data, files->visits))
        return false;
    return files->pdf[0] == '\0' || report_pdf_write(data->config->reports.browser, files->page, files->pdf, data->err);
}

bool report_page_write(const struct report_data *data, const struct report_options *options, FILE *standard)
{
    if (strcmp(options->output, "-") != 0)
        return write_page(data, options->kind, options->output, NULL);
    put_page(data, options->kind, NULL, standard);
    return fflush(standard) == 0 || complain(data, "standard output", ERR_IO);
}
