#include "operator/report_zip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "parcel/parcel.h"
#include "parcel/passphrase.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

static int put_file(struct parcel *parcel, const char *path)
{
    char *bytes;
    size_t len;
    if (path[0] == '\0')
        return 0;
    int code = file_read_path(path, FILE_BYTES_MAX, &bytes, &len);
    if (code < 0)
        return code;
    code = parcel_put(parcel, strrchr(path, '/') + 1, bytes, len);
    free(bytes);
    return code;
}

static int put_all(struct parcel *parcel, const struct report_files *files, int64_t now_s)
{
    struct text manifest = {0};
    int code = put_file(parcel, files->page);
    if (code == 0)
        code = put_file(parcel, files->visits);
    if (code == 0)
        code = put_file(parcel, files->pdf);
    if (code < 0)
        return code;
    text_printf(&manifest, "{\"manifest\":{\"program\":\"belisha " BELISHA_VERSION "\",\"made_s\":%lld,\"files\":",
                (long long)now_s);
    parcel_files_write(parcel, &manifest);
    text_printf(&manifest, "}}\n");
    code = text_ok(&manifest) ? parcel_seal(parcel, &manifest, NULL) : ERR_NOMEM;
    text_done(&manifest);
    return code;
}

int report_zip_write(const struct operator_env *env, const struct report_files *files, int64_t now_s,
                     char out[REPORT_PATH_MAX])
{
    char passphrase[PASSPHRASE_MAX];
    struct parcel *parcel = NULL;
    struct imprint whole;
    out[0] = '\0';
    const char *wrong = passphrase_read(env->config->reports.passphrase_file, passphrase);
    if (wrong != NULL) {
        fprintf(env->err, "belisha report: reports.passphrase_file: %s\n", wrong);
        return ERR_CONFIG;
    }
    snprintf(out, REPORT_PATH_MAX, "%.3800s/%.159s.zip", files->folder, files->stem);
    unlink(out); /* of a try that was killed */
    int code = parcel_open(&(struct parcel_opts){.path = out, .password = passphrase, .now_s = now_s}, &parcel);
    passphrase_wipe(passphrase);
    if (code == 0)
        code = put_all(parcel, files, now_s);
    if (code < 0) {
        parcel_abort(parcel);
        return code;
    }
    return parcel_commit(parcel, &whole);
}

void report_zip_remove(const char *path)
{
    if (path[0] != '\0')
        unlink(path);
}
