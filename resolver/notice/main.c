/* belisha-notice: the page that a blocked name leads to. One thread; see notice/site.h for what it answers. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "blockdb/blockdb.h"
#include "notice/http.h"
#include "notice/site.h"

#define FILES_MAX     16
#define LISTENERS_MAX 16
#define FOLLOW_MS     500 /* how often to look for a new generation */

enum exit_code { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
    const char *files[FILES_MAX];
    size_t file_count;
    bool check;
};

struct program {
    struct options options;
    struct site site;
    struct http *listeners[LISTENERS_MAX];
    size_t listener_count;
    int signals;
};

static void print_usage(FILE *to)
{
    fputs("usage: belisha-notice [-c FILE]... [--check] [--version]\n"
          "\n"
          "Shows the page that a blocked name leads to, and takes what people tell the school.\n"
          "\n"
          "  -c, --config FILE  configuration; later files override earlier ones\n"
          "      --check        read configuration and page templates, then end\n"
          "      --version      print the version\n"
          "  -h, --help         print this\n",
          to);
}

/* 0: go on; otherwise *out_exit is how to end. */
static int parse_options(int argc, char **argv, struct options *options, int *out_exit)
{
    enum { OPTION_CHECK = 256, OPTION_VERSION };
    static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, OPTION_CHECK},
                                          {"version", no_argument, NULL, OPTION_VERSION},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;
    while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
        switch (option) {
        case 'c':
            if (options->file_count == FILES_MAX)
                goto usage;
            options->files[options->file_count++] = optarg;
            break;
        case OPTION_CHECK:
            options->check = true;
            break;
        case OPTION_VERSION:
            puts("belisha-notice " BELISHA_VERSION);
            *out_exit = EXIT_GOOD;
            return -1;
        case 'h':
            print_usage(stdout);
            *out_exit = EXIT_GOOD;
            return -1;
        default:
            goto usage;
        }
    }
    if (optind == argc)
        return 0;

usage:
    print_usage(stderr);
    *out_exit = EXIT_USAGE;
    return -1;
}

static int load(struct program *p)
{
    struct config_errors errors = {0};
    int err = site_load(&p->site, p->options.files, p->options.file_count, &errors);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    return err;
}

static void follow(struct program *p)
{
    char why[256] = "";
    if (site_follow_tier(&p->site, why, sizeof why) == CURRENT_REFUSED)
        log_error("statutory list refused, the last good one stays in force: %s", why);
    if (site_follow_decisions(&p->site, why, sizeof why) == CURRENT_REFUSED)
        log_error("decisions can't be read, those from before stay in force: %s", why);
    switch (site_follow(&p->site, why, sizeof why)) {
    case CURRENT_SAME:
        break;
    case CURRENT_NEW:
        log_info("generation in force generation=%llu", (unsigned long long)blockdb_generation(p->site.current.list));
        break;
    case CURRENT_REFUSED:
        log_error("new generation refused, the last good one stays in force: %s", why);
        break;
    }
}

static int start_listening(struct program *p)
{
    const struct config_notice *opts = &p->site.config->notice;
    for (size_t i = 0; i < opts->listen_count && i < LISTENERS_MAX; i++) {
        char at[ENDPOINT_TEXT_MAX];
        endpoint_to_text(&opts->listen[i], at);
        int err = http_listen(&opts->listen[i], &p->site, &p->listeners[i]);
        if (err < 0) {
            log_error("can't listen on %s: %s", at, err_str(err));
            return err;
        }
        p->listener_count++;
        log_info("listening at=%s", at);
    }
    return 0;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* False: it is time to end. */
static bool handle_signals(struct program *p)
{
    struct signalfd_siginfo info;
    while (read(p->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGHUP)
            return false;
        if (load(p) == 0)
            log_info("configuration loaded again; addresses and inbox stay as they were");
        else
            log_error("the new configuration is refused, the running one stays");
        follow(p);
    }
    return true;
}

static int wait_ms(const struct program *p)
{
    int wait = FOLLOW_MS;
    for (size_t i = 0; i < p->listener_count; i++) {
        int ms = http_timeout_ms(p->listeners[i]);
        wait = ms >= 0 && ms < wait ? ms : wait;
    }
    return wait;
}

static void serve(struct program *p)
{
    struct pollfd fds[LISTENERS_MAX + 1];
    for (size_t i = 0; i < p->listener_count; i++)
        fds[i] = (struct pollfd){.fd = http_fd(p->listeners[i]), .events = POLLIN};
    fds[p->listener_count] = (struct pollfd){.fd = p->signals, .events = POLLIN};
    while (handle_signals(p)) {
        if (poll(fds, p->listener_count + 1, wait_ms(p)) < 0 && errno != EINTR)
            return;
        /* One stat a turn: cheap beside what a turn does, and never late. */
        follow(p);
        for (size_t i = 0; i < p->listener_count; i++)
            http_run(p->listeners[i]);
    }
}

static int open_inbox(struct program *p)
{
    int err = site_open_inbox(&p->site);
    if (err < 0)
        log_error("can't open the inbox %s: %s", p->site.config->notice.inbox_dir, err_str(err));
    return err;
}

static int run(struct program *p)
{
    p->signals = open_signals();
    if (p->signals < 0 || load(p) < 0)
        return EXIT_FAILED;
    if (p->options.check)
        return EXIT_GOOD;
    if (open_inbox(p) < 0)
        return EXIT_FAILED;
    follow(p);
    if (p->site.current.list == NULL)
        log_warning("no generation of the blocklist yet: pages say that the filter is starting");
    if (start_listening(p) < 0)
        return EXIT_FAILED;
    puts("ready");
    fflush(stdout);
    serve(p);
    log_info("ended");
    return EXIT_GOOD;
}

int main(int argc, char **argv)
{
    static struct program program;
    int code;
    log_init("belisha-notice");
    if (parse_options(argc, argv, &program.options, &code) < 0)
        return code;
    code = run(&program);
    for (size_t i = 0; i < program.listener_count; i++)
        http_close(program.listeners[i]);
    site_done(&program.site);
    return code;
}
