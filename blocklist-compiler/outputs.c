#include "blocklist-compiler/outputs.h"

#include <string.h>

#include "base/outfile.h"

static int write_text(const struct report *report, FILE *to)
{
    report_write_text(report, to);
    return 0;
}

static int write_html(const struct report *report, FILE *to)
{
    report_write_html(report, to);
    return 0;
}

static const struct {
    const char *name;
    int (*write)(const struct report *report, FILE *to);
} forms[] = {{"text", write_text}, {"json", report_write_json}, {"html", write_html}};
#define FORM_COUNT (sizeof forms / sizeof forms[0])

static size_t find_form(const char *name, size_t len)
{
    size_t i = 0;
    while (i < FORM_COUNT && (strlen(forms[i].name) != len || memcmp(forms[i].name, name, len) != 0))
        i++;
    return i;
}

int outputs_add(struct outputs *outputs, const char *form)
{
    struct output *last = outputs->count == 0 ? NULL : &outputs->rows[outputs->count - 1];
    size_t len = strcspn(form, "=");
    const char *file = form[len] == '=' ? form + len + 1 : NULL;
    if (find_form(form, len) == FORM_COUNT || (file != NULL && file[0] == '\0'))
        return ERR_INVAL;
    if (last != NULL && last->form == NULL && file == NULL) { /* its file stood in front of it */
        last->form = form;
        last->form_len = len;
        return 0;
    }
    if (outputs->count == OUTPUTS_MAX)
        return ERR_LIMIT;
    outputs->rows[outputs->count++] = (struct output){form, len, file};
    return 0;
}

int outputs_set_file(struct outputs *outputs, const char *file)
{
    struct output *last = outputs->count == 0 ? NULL : &outputs->rows[outputs->count - 1];
    if (last != NULL && last->file == NULL) {
        last->file = file;
        return 0;
    }
    if (outputs->count == OUTPUTS_MAX)
        return ERR_LIMIT;
    outputs->rows[outputs->count++] = (struct output){.file = file};
    return 0;
}

static int write_one(const struct output *output, const struct report *report)
{
    struct outfile file;
    size_t form = output->form == NULL ? 0 : find_form(output->form, output->form_len);
    if (output->file == NULL) {
        int err = forms[form].write(report, stdout);
        return err < 0 ? err : fflush(stdout) != 0 ? ERR_IO : 0;
    }
    int err = outfile_open(&file, output->file, 0644);
    if (err < 0)
        return err;
    err = forms[form].write(report, file.file);
    if (err == 0)
        return outfile_commit(&file);
    outfile_abort(&file);
    return err;
}

int outputs_write(const struct outputs *outputs, const struct report *report, const char **out_file)
{
    static const struct output text = {.form = NULL};
    int err = 0;
    if (outputs->count == 0)
        return write_one(&text, report);
    for (size_t i = 0; i < outputs->count; i++) {
        int rc = write_one(&outputs->rows[i], report);
        if (rc < 0 && err == 0) {
            err = rc;
            *out_file = outputs->rows[i].file;
        }
    }
    return err;
}
