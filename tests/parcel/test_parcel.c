/* Parcels: what leaves, that others can open it, and that whatever is changed afterwards is found. */
#include "parcel/parcel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "parcel/check.h"

#define PASSWORD "85 paper boats drift"

struct fixture {
    char dir[64];
    struct signing_key key;
};

static int setup(void **state)
{
    static struct fixture f;
    char path[128];
    bool made;
    strcpy(f.dir, "/tmp/belisha-parcel-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    snprintf(path, sizeof path, "%s/keys/log.key", f.dir);
    assert_int_equal(signing_key_open(path, &f.key, &made), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    const struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    return system(command);
}

static const char *path_in(const struct fixture *f, const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", f->dir, name);
    return path;
}

static int run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command);
}

/* Two files and their manifest. */
static int send_parcel(const struct fixture *f, const char *path, const char *password, const struct signing_key *key)
{
    struct parcel *parcel;
    struct text manifest = {0};
    int code = parcel_open(&(struct parcel_opts){.path = path, .password = password, .now_s = 1764000000}, &parcel);
    (void)f;
    if (code < 0)
        return code;
    assert_int_equal(parcel_file(parcel, "rows.csv", false), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(parcel_write(parcel, "time,name\r\n", 11), 0);
    assert_int_equal(parcel_put(parcel, "READ-ME.txt", "read me\n", 8), 0);
    text_printf(&manifest, "{\"manifest\":{\"rows\":10,\"files\":");
    parcel_files_write(parcel, &manifest);
    text_printf(&manifest, "}}\n");
    assert_int_equal(parcel_seal(parcel, &manifest, key), 0);
    text_done(&manifest);
    return parcel_commit(parcel, NULL);
}

static int check(const char *path, const char *password, struct check_result *out)
{
    return parcel_check(&(struct check_opts){.path = path, .password = password}, out);
}

static void a_zip_is_opened_by_7_zip_with_its_password_only(void **state)
{
    const struct fixture *f = *state;
    const char *zip = path_in(f, "a.zip");
    if (system("7z >/dev/null 2>&1") != 0)
        fail_msg("there is no 7z: data/install-packages test");
    assert_int_equal(send_parcel(f, zip, PASSWORD, &f->key), 0);
    assert_int_equal(run("cd %s && mkdir out && 7z x -bd -oout '-p" PASSWORD "' a.zip >7z.txt", f->dir), 0);
    assert_int_equal(
        run("cd %s && [ $(wc -c <out/rows.csv) = 110 ] && [ \"$(cat out/READ-ME.txt)\" = 'read me' ]", f->dir), 0);
    assert_int_equal(run("7z l -slt %s | grep -q 'Method = AES-256'", zip), 0);
    assert_int_equal(run("7z l -slt %s | grep -c 'Encrypted = +' | grep -qx 5", zip), 0);
    assert_int_not_equal(run("cd %s && mkdir no && 7z x -bd -ono -pwrong-password-1 a.zip >7z.txt 2>&1", f->dir), 0);
    assert_int_not_equal(run("grep -q 'time,name' %s", zip), 0); /* nothing of it lies there in the clear */
}

static void openssl_checks_the_signature(void **state)
{
    const struct fixture *f = *state;
    static const char verify[] = "cd %s && openssl pkeyutl -verify -pubin -inkey b.csv.log-key.pem -rawin "
                                 "-in b.csv.manifest.json -sigfile b.csv.manifest.json.sig >openssl.txt 2>&1";
    assert_int_equal(send_parcel(f, path_in(f, "b.csv"), NULL, &f->key), 0);
    assert_int_equal(run(verify, f->dir), 0);
    assert_int_equal(run("cd %s && sha256sum b.csv | grep -q $(grep -o '\"sha256\":\"[0-9a-f]*' b.csv.manifest.json | "
                         "head -1 | cut -d'\"' -f4)",
                         f->dir),
                     0);
    assert_int_equal(
        run("cd %s && b2sum -l 256 b.csv | grep -q $(grep -o 'blake2b_256\":\"[0-9a-f]*' b.csv.manifest.json | "
            "head -1 | cut -d'\"' -f3)",
            f->dir),
        0);
    assert_int_equal(run("cd %s && sed -i s/10/11/ b.csv.manifest.json", f->dir), 0);
    assert_int_not_equal(run(verify, f->dir), 0);
}

static void what_left_is_as_it_was(void **state)
{
    const struct fixture *f = *state;
    struct check_result r;
    struct stat st;
    const char *zip = path_in(f, "c.zip");
    const char *csv = path_in(f, "c.csv");
    assert_int_equal(send_parcel(f, zip, PASSWORD, &f->key), 0);
    assert_int_equal(send_parcel(f, csv, NULL, &f->key), 0);
    assert_int_equal(stat(csv, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(send_parcel(f, csv, NULL, &f->key), ERR_EXIST);
    assert_int_equal(send_parcel(f, zip, PASSWORD, &f->key), ERR_EXIST);
    assert_int_equal(run("[ -z \"$(ls %s | grep tmp)\" ]", f->dir), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(check(i == 0 ? zip : i == 1 ? csv : path_in(f, "c.csv.manifest.json"), PASSWORD, &r), 0);
        assert_int_equal(r.faults, 0);
        assert_int_equal(r.files, 2);
        assert_int_equal(r.bytes, 118);
        assert_true(r.is_signed);
        assert_memory_equal(r.key, f->key.public.id, SIGNING_ID_LEN);
    }
    assert_int_equal(check(zip, "not the password", &r), ERR_DAMAGED);
}

static void one_that_is_not_signed_or_by_another_is_not_believed(void **state)
{
    const struct fixture *f = *state;
    const char *csv = path_in(f, "d.csv");
    struct check_result r;
    struct signing_key other;
    bool made;
    assert_int_equal(send_parcel(f, csv, NULL, NULL), 0);
    assert_int_equal(check(csv, NULL, &r), 0);
    assert_int_equal(r.faults, 1);
    assert_false(r.is_signed);
    assert_int_equal(signing_key_open(path_in(f, "keys/other.key"), &other, &made), 0);
    assert_int_equal(send_parcel(f, path_in(f, "e.csv"), NULL, &f->key), 0);
    struct check_opts opts = {.path = path_in(f, "e.csv"), .keys = &other.public, .key_count = 1};
    assert_int_equal(parcel_check(&opts, &r), 0);
    assert_int_equal(r.faults, 1);
    opts.keys = &f->key.public;
    assert_int_equal(parcel_check(&opts, &r), 0);
    assert_int_equal(r.faults, 0);
}

/* Changes byte at of the file, looks, and changes it back. */
static bool is_found(const char *file, off_t at, const char *parcel, const uint8_t whole[IMPRINT_LEN])
{
    struct check_result r = {.faults = 0};
    uint8_t byte, changed;
    int fd = open(file, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    changed = byte ^ 0x20;
    assert_int_equal(pwrite(fd, &changed, 1, at), 1);
    int code = check(parcel, PASSWORD, &r);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
    return code < 0 || r.faults > 0 || (whole != NULL && memcmp(r.sha256, whole, IMPRINT_LEN) != 0);
}

static void any_byte_that_is_changed_is_found(void **state)
{
    static const char *const suffixes[] = {"", ".READ-ME.txt", ".manifest.json", ".manifest.json.sig", ".log-key.pem"};
    const struct fixture *f = *state;
    const char *csv = path_in(f, "g.csv");
    struct stat st;
    struct check_result r;
    assert_int_equal(send_parcel(f, csv, NULL, &f->key), 0);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[300];
        snprintf(file, sizeof file, "%s%s", csv, suffixes[i]);
        assert_int_equal(stat(file, &st), 0);
        for (off_t at = 0; at < st.st_size; at++)
            if (!is_found(file, at, csv, NULL) && strcmp(suffixes[i], ".log-key.pem") != 0)
                fail_msg("%s: byte %ld was changed, and nobody noticed", file, (long)at);
    }
    assert_int_equal(check(csv, NULL, &r), 0);
    assert_int_equal(r.faults, 0);
}

/* Times and attributes in a zip's own lists are nobody's content: of them the hash of the whole tells, which the ledger keeps. */
static void any_byte_of_a_zip_that_is_changed_is_found(void **state)
{
    const struct fixture *f = *state;
    const char *zip = path_in(f, "h.zip");
    struct check_result r;
    struct stat st;
    size_t by_content = 0;
    assert_int_equal(send_parcel(f, zip, PASSWORD, &f->key), 0);
    assert_int_equal(check(zip, PASSWORD, &r), 0);
    assert_int_equal(r.faults, 0);
    assert_int_equal(stat(zip, &st), 0);
    for (off_t at = 0; at < st.st_size; at += 7) {
        by_content += is_found(zip, at, zip, NULL);
        assert_true(is_found(zip, at, zip, r.sha256));
    }
    assert_true(by_content > (size_t)st.st_size / 7 / 2);
}

static void files_that_are_missing_or_added_are_found(void **state)
{
    const struct fixture *f = *state;
    struct check_result r;
    assert_int_equal(send_parcel(f, path_in(f, "i.zip"), PASSWORD, &f->key), 0);
    assert_int_equal(run("cd %s && cp i.zip j.zip && 7z d -bd '-p" PASSWORD "' i.zip rows.csv >7z.txt", f->dir), 0);
    assert_int_equal(check(path_in(f, "i.zip"), PASSWORD, &r), 0);
    assert_int_equal(r.faults, 1);
    assert_int_equal(run("cd %s && echo x >more.txt && 7z a -bd '-p" PASSWORD "' j.zip more.txt >7z.txt", f->dir), 0);
    assert_int_equal(check(path_in(f, "j.zip"), PASSWORD, &r), 0);
    assert_int_equal(r.faults, 1);
}

static void an_aborted_parcel_leaves_nothing(void **state)
{
    const struct fixture *f = *state;
    for (int zip = 0; zip < 2; zip++) {
        struct parcel *parcel;
        const struct parcel_opts opts = {.path = path_in(f, "gone"), .password = zip ? PASSWORD : NULL};
        assert_int_equal(parcel_open(&opts, &parcel), 0);
        assert_int_equal(parcel_put(parcel, "rows.csv", "a\r\n", 3), 0);
        assert_int_equal(parcel_put(parcel, "more", "b", 1), 0);
        parcel_abort(parcel);
        assert_int_equal(run("[ -z \"$(ls %s | grep gone)\" ]", f->dir), 0);
    }
}

static void a_stream_takes_the_first_file_only(void **state)
{
    const struct fixture *f = *state;
    struct parcel *parcel;
    FILE *stream = fopen(path_in(f, "stream"), "w+");
    char text[64] = {0};
    assert_int_equal(parcel_open(&(struct parcel_opts){.stream = stream}, &parcel), 0);
    assert_true(parcel_is_stream(parcel));
    assert_int_equal(parcel_put(parcel, "rows.csv", "abc", 3), 0);
    assert_int_equal(parcel_put(parcel, "READ-ME.txt", "def", 3), 0);
    assert_int_equal(parcel_commit(parcel, NULL), 0);
    rewind(stream);
    assert_int_equal(fread(text, 1, sizeof text, stream), 3);
    fclose(stream);
}

static void a_full_disk_is_told(void **state)
{
    static char piece[1 << 16];
    (void)state;
    for (int zip = 0; zip < 2; zip++) {
        struct parcel *parcel;
        FILE *full = fopen("/dev/full", "w");
        int code = parcel_open(&(struct parcel_opts){.stream = full, .password = zip ? PASSWORD : NULL}, &parcel);
        assert_int_equal(code, 0);
        code = parcel_file(parcel, "rows.csv", true);
        for (int i = 0; i < 100 && code == 0; i++)
            code = parcel_write(parcel, piece, sizeof piece);
        assert_int_equal(code, ERR_NOSPACE);
        parcel_abort(parcel);
        fclose(full);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zip_is_opened_by_7_zip_with_its_password_only),
        cmocka_unit_test(openssl_checks_the_signature),
        cmocka_unit_test(what_left_is_as_it_was),
        cmocka_unit_test(one_that_is_not_signed_or_by_another_is_not_believed),
        cmocka_unit_test(any_byte_that_is_changed_is_found),
        cmocka_unit_test(any_byte_of_a_zip_that_is_changed_is_found),
        cmocka_unit_test(files_that_are_missing_or_added_are_found),
        cmocka_unit_test(an_aborted_parcel_leaves_nothing),
        cmocka_unit_test(a_stream_takes_the_first_file_only),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
