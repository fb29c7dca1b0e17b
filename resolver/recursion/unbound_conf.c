#include "recursion/unbound_conf.h"

#include <ctype.h>
#include <inttypes.h>

/*
 * What belishad does itself is off here: blocking, logs, statistics, stale answers, prefetch, limits for clients (they
 * would all look like one). Names that clients ask for go to no log but the query log. Names that belishad answers by
 * itself never come here; test. is a name like any other (docs/decisions/0002).
 */
static const char always[] = "\n"
                             "    # a child of belishad, which reads what it says and ends it\n"
                             "    do-daemonize: no\n"
                             "    use-syslog: no\n"
                             "    use-systemd: no\n"
                             "    logfile: \"\"\n"
                             "    pidfile: \"\"\n"
                             "    chroot: \"\"\n"
                             "    username: \"\"\n"
                             "    verbosity: 0\n"
                             "    val-log-level: 0\n"
                             "    log-queries: no\n"
                             "    log-replies: no\n"
                             "    log-servfail: no\n"
                             "    statistics-interval: 0\n"
                             "    extended-statistics: no\n"
                             "\n"
                             "    # for belishad only\n"
                             "    do-udp: yes\n"
                             "    do-tcp: yes\n"
                             "    access-control: 0.0.0.0/0 refuse\n"
                             "    access-control: ::0/0 refuse\n"
                             "    access-control: 127.0.0.0/8 allow\n"
                             "    access-control: ::1 allow\n"
                             "    hide-identity: yes\n"
                             "    hide-version: yes\n"
                             "    hide-trustanchor: yes\n"
                             "    deny-any: yes\n"
                             "    minimal-responses: yes\n"
                             "    local-zone: \"test.\" nodefault\n"
                             "\n"
                             "    # room for a rush of questions, as belishad's own sockets have\n"
                             "    so-rcvbuf: 4m\n"
                             "\n"
                             "    # messages: no fragments, reasons for failures\n"
                             "    edns-buffer-size: 1232\n"
                             "    max-udp-size: 1232\n"
                             "    ede: yes\n"
                             "\n"
                             "    # tells no server more than it must know, believes none more than it may say\n"
                             "    qname-minimisation: yes\n"
                             "    aggressive-nsec: yes\n"
                             "    harden-glue: yes\n"
                             "    harden-dnssec-stripped: yes\n"
                             "    harden-below-nxdomain: yes\n"
                             "    harden-large-queries: yes\n"
                             "    harden-short-bufsize: yes\n"
                             "    unwanted-reply-threshold: 10000000\n"
                             "    val-clean-additional: yes\n"
                             "    val-permissive-mode: no\n"
                             "    ignore-cd-flag: no\n"
                             "\n"
                             "    # bounds on what one question may cost\n"
                             "    num-queries-per-thread: 2048\n"
                             "    outgoing-range: 4096\n"
                             "    max-sent-count: 32\n"
                             "    val-nsec3-keysize-iterations: \"1024 150 2048 150 4096 150\"\n"
                             "\n"
                             "    # belishad's cache does that\n"
                             "    prefetch: no\n"
                             "    serve-expired: no\n"
                             "    cache-max-ttl: 86400\n"
                             "    cache-max-negative-ttl: 3600\n";

bool unbound_conf_takes(const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++)
        if (*at < ' ' || *at == '"' || *at == 0x7f)
            return false;
    return true;
}

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

/* Whatever may mean something to a reader of the file is written as \DDD. */
static void write_name(const uint8_t *name, struct text *out)
{
    if (name[0] == 0)
        text_add(out, ".", 1);
    for (; *name != 0; name += *name + 1) {
        for (unsigned i = 1; i <= *name; i++)
            text_printf(out, isalnum(name[i]) || name[i] == '-' || name[i] == '_' ? "%c" : "\\%03u", name[i]);
        text_add(out, ".", 1);
    }
}

static void write_validation(const struct recursion_opts *opts, struct text *out)
{
    text_printf(out, "\n    module-config: \"%siterator\"\n", opts->validate ? "validator " : "");
    if (!opts->validate)
        return;
    text_printf(out, "    auto-trust-anchor-file: \"%s/" UNBOUND_CONF_ANCHOR "\"\n", opts->dir);
    for (size_t i = 0; i < opts->insecure_count; i++) {
        text_printf(out, "    domain-insecure: \"");
        write_name(opts->insecure[i], out);
        text_printf(out, "\"\n");
    }
}

static void write_network(const struct recursion_opts *opts, struct text *out)
{
    text_printf(out, "\n    do-ip4: %s\n    do-ip6: %s\n", yes_no(opts->ipv4), yes_no(opts->ipv6));
    for (size_t i = 0; i < opts->outgoing_count; i++) {
        char address[IPADDR_TEXT_MAX];
        text_printf(out, "    outgoing-interface: %s\n", ipaddr_to_text(&opts->outgoing[i], address));
    }
    if (opts->root_hints != NULL)
        text_printf(out, "    root-hints: \"%s\"\n", opts->root_hints);
}

/* Records are what is worth keeping here: whole answers are in belishad's cache. */
static void write_size(const struct recursion_opts *opts, struct text *out)
{
    uint64_t part = opts->memory_bytes / 8;
    text_printf(out,
                "\n    num-threads: %u\n    so-reuseport: %s\n    incoming-num-tcp: %u\n"
                "    rrset-cache-size: %" PRIu64 "\n    msg-cache-size: %" PRIu64 "\n    key-cache-size: %" PRIu64
                "\n    neg-cache-size: %" PRIu64 "\n",
                opts->threads, yes_no(opts->threads > 1), opts->streams, 4 * part, 2 * part, part, part);
}

void unbound_conf_write(const struct recursion_opts *opts, struct text *out)
{
    text_printf(out, "    directory: \"%s\"\n", opts->dir);
    text_add(out, always, sizeof always - 1);
    write_validation(opts, out);
    write_network(opts, out);
    write_size(opts, out);
    text_printf(out, "\nremote-control:\n    control-enable: no\n");
}

void unbound_conf_write_listen(const struct endpoint *at, struct text *out)
{
    char address[IPADDR_TEXT_MAX];
    text_printf(out, "# Written by belishad for each start of unbound: what is changed here is lost.\nserver:\n");
    text_printf(out, "    interface: %s@%u\n    port: %u\n", ipaddr_to_text(&at->addr, address), at->port, at->port);
}
