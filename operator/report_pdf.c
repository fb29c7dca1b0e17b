#include "operator/report_pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define PATIENCE_S 120
#define STEP_NS    20000000

/* ---- a folder for what a browser leaves behind ---- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

static void remove_folder(const char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the browser ---- */

struct job {
    const char *browser;
    char folder[PATH_MAX]; /* its home for this once, beside the PDF */
    char made[PATH_MAX + 16];
    char profile[PATH_MAX + 32], output[PATH_MAX + 32], page[PATH_MAX + 16];
};

__attribute__((noreturn)) static void be_browser(const struct job *job)
{
    const char *const words[] = {job->browser,
                                 "--headless",
                                 "--no-sandbox", /* the unit's own sandbox forbids what the browser's needs */
                                 "--disable-gpu",
                                 "--disable-dev-shm-usage",
                                 "--disable-background-networking",
                                 "--disable-component-update",
                                 "--disable-sync",
                                 "--no-first-run",
                                 "--host-resolver-rules=MAP * ~NOTFOUND",
                                 "--no-pdf-header-footer",
                                 job->profile,
                                 job->output,
                                 job->page,
                                 NULL};
    char *argv[sizeof words / sizeof words[0]];
    const int nothing = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3 && nothing >= 0; i++)
        dup2(nothing, i);
    setenv("HOME", job->folder, 1);
    setenv("XDG_CONFIG_HOME", job->folder, 1);
    setenv("XDG_CACHE_HOME", job->folder, 1);
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    setsid();
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        argv[i] = words[i] == NULL ? NULL : strdup(words[i]);
    execv(job->browser, argv);
    _exit(127);
}

/* false: it took too long and was ended, with all that it had started. */
static bool wait_for(pid_t child, int *out_status)
{
    const struct timespec step = {.tv_nsec = STEP_NS};
    for (int64_t waited_ns = 0; waited_ns < PATIENCE_S * INT64_C(1000000000); waited_ns += STEP_NS) {
        const pid_t ended = waitpid(child, out_status, WNOHANG);
        if (ended == child)
            return true;
        if (ended < 0 && errno != EINTR)
            break;
        nanosleep(&step, NULL);
    }
    kill(-child, SIGKILL);
    kill(child, SIGKILL);
    waitpid(child, out_status, 0);
    return false;
}

static const char *run(const struct job *job)
{
    int status = 0;
    struct stat info;
    const pid_t child = fork();
    if (child < 0)
        return strerror(errno);
    if (child == 0)
        be_browser(job);
    if (!wait_for(child, &status))
        return "the browser took more than two minutes";
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return "the browser could not do it";
    if (stat(job->made, &info) < 0 || info.st_size == 0)
        return "the browser made no file";
    return NULL;
}

/* ---- the whole ---- */

static bool absolute(const char *path, char out[PATH_MAX])
{
    char folder[PATH_MAX];
    if (path[0] == '/')
        return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
    return getcwd(folder, sizeof folder) != NULL && snprintf(out, PATH_MAX, "%.2000s/%.2000s", folder, path) < PATH_MAX;
}

static const char *prepare(struct job *job, const char *page, const char *pdf)
{
    char page_path[PATH_MAX], pdf_path[PATH_MAX];
    if (!absolute(page, page_path) || !absolute(pdf, pdf_path) || strlen(pdf_path) > PATH_MAX - 32)
        return "a path is too long";
    snprintf(job->folder, sizeof job->folder, "%.4000s.XXXXXX", pdf_path);
    if (mkdtemp(job->folder) == NULL)
        return strerror(errno);
    snprintf(job->made, sizeof job->made, "%s/page.pdf", job->folder);
    snprintf(job->profile, sizeof job->profile, "--user-data-dir=%s", job->folder);
    snprintf(job->output, sizeof job->output, "--print-to-pdf=%s", job->made);
    snprintf(job->page, sizeof job->page, "file://%s", page_path);
    return NULL;
}

bool report_pdf_write(const char *browser, const char *page, const char *pdf, FILE *err)
{
    struct job job = {.browser = browser};
    if (access(browser, X_OK) < 0) {
        fprintf(err,
                "belisha report: there is no browser at %s, so no PDF was made: %s\n"
                "Install chromium, say where one is (reports.browser), or print the page from a browser of your own.\n",
                browser, pdf);
        return false;
    }
    const char *wrong = prepare(&job, page, pdf);
    if (wrong == NULL) {
        wrong = run(&job);
        if (wrong == NULL && (chmod(job.made, 0640) < 0 || rename(job.made, pdf) < 0))
            wrong = strerror(errno);
        if (wrong == NULL && file_sync_folder_of(pdf) < 0)
            wrong = "it may not outlive a power cut";
        remove_folder(job.folder);
    }
    if (wrong != NULL)
        fprintf(err, "belisha report: %s: no PDF was made: %s\n", pdf, wrong);
    return wrong == NULL;
}
