/* mail, webhooks, syslog, recipients: by which ways people and their systems are told, and who has which role. */
#include "config/options_delivery.h"

#include <stddef.h>

#define SECOND INT64_C(1000)

#define MAIL(member)      .offset = offsetof(struct options_mail, member)
#define WEBHOOK(member)   .offset = offsetof(struct options_webhook, member)
#define SYSLOG(member)    .offset = offsetof(struct options_syslog, member)
#define RECIPIENT(member) .offset = offsetof(struct options_recipient, member)
#define LIST_OF(kind)     .type = &(kind), .shape = SCHEMA_LIST
#define TIMEOUT           .type = &schema_duration, .min = SECOND, .max = 120 * SECOND

static const char *const tls_words[] = {"starttls", "implicit", "none", NULL};
static const char *const transports[] = {"local", "udp", "tcp", "tls", NULL};
static const char *const facilities[] = {"kern",    "user",   "mail",   "daemon",   "auth",   "syslog", "lpr",
                                         "news",    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",
                                         "console", "cron2",  "local0", "local1",   "local2", "local3", "local4",
                                         "local5",  "local6", "local7", NULL}; /* RFC 5424, 6.2.1 */

const struct schema_option options_mail_fields[] = {
    {.key = "", .type = &schema_place, MAIL(at)},
    {.key = "server",
     .type = &schema_string,
     MAIL(server),
     .place_offset = offsetof(struct options_mail, server_at),
     .help = "name or address of the school's mail server, for which its certificate must be; without one, no mail is "
             "sent"},
    {.key = "port",
     .type = &schema_int,
     .min = 0,
     .max = 65535,
     MAIL(port),
     .fallback = "0",
     .help = "where it takes mail; 0: 587 with starttls, 465 with implicit, 25 with none"},
    {.key = "tls",
     .type = &schema_word,
     .words = tls_words,
     MAIL(tls),
     .place_offset = offsetof(struct options_mail, tls_at),
     .fallback = "starttls",
     .help = "TLS before anything else is said (starttls), from the first byte (implicit), or none, to a server on "
             "this machine"},
    {.key = "user", .type = &schema_string, MAIL(user), .help = "who we are there; without one, nobody in particular"},
    {.key = "password_file",
     .type = &schema_string,
     MAIL(password_file),
     .help = "file of the user's password; one that everybody may read is refused"},
    {.key = "from",
     .type = &schema_string,
     MAIL(from),
     .place_offset = offsetof(struct options_mail, from_at),
     .help = "the address that mail comes from, such as belisha@school.example"},
    {.key = "from_name",
     .type = &schema_string,
     MAIL(from_name),
     .fallback = "Belisha",
     .help = "the name before that address"},
    {.key = "ca",
     .type = &schema_string,
     MAIL(ca),
     .help = "PEM file of the roots that its certificate must lead to; without one, the system's"},
    {.key = "timeout", TIMEOUT, MAIL(timeout_ms), .fallback = "20s", .help = "how long it may take to answer"},
    {0}};

const struct schema_option options_webhook_fields[] = {
    {.key = "", .type = &schema_place, WEBHOOK(at)},
    {.key = "name",
     .type = &schema_string,
     WEBHOOK(name),
     .required = true,
     .help = "what recipients and the register call it"},
    {.key = "url",
     .type = &schema_string,
     WEBHOOK(url),
     .place_offset = offsetof(struct options_webhook, url_at),
     .required = true,
     .help = "where messages are posted to: https, or http to this machine itself"},
    {.key = "secret_file",
     .type = &schema_string,
     WEBHOOK(secret_file),
     .required = true,
     .help = "file of the secret that signs them, shared with the other end; one that everybody may read is refused"},
    {.key = "ca",
     .type = &schema_string,
     WEBHOOK(ca),
     .help = "PEM file of the roots that its certificate must lead to; without one, the system's"},
    {.key = "timeout", TIMEOUT, WEBHOOK(timeout_ms), .fallback = "10s", .help = "how long it may take to answer"},
    {0}};

const struct schema_option options_syslog_fields[] = {
    {.key = "", .type = &schema_place, SYSLOG(at)},
    {.key = "name",
     .type = &schema_string,
     SYSLOG(name),
     .required = true,
     .help = "what recipients and the register call it"},
    {.key = "transport",
     .type = &schema_word,
     .words = transports,
     SYSLOG(transport),
     .fallback = "tls",
     .help = "by the socket of this machine (local), or to a server (RFC 5424)"},
    {.key = "server",
     .type = &schema_string,
     SYSLOG(server),
     .place_offset = offsetof(struct options_syslog, server_at),
     .help = "its name or address, where it is not local"},
    {.key = "port",
     .type = &schema_int,
     .min = 0,
     .max = 65535,
     SYSLOG(port),
     .fallback = "0",
     .help = "where it listens; 0: 514, with tls 6514"},
    {.key = "socket", .type = &schema_string, SYSLOG(socket), .fallback = "/dev/log", .help = "of transport local"},
    {.key = "ca",
     .type = &schema_string,
     SYSLOG(ca),
     .help = "PEM file of the roots that its certificate must lead to; without one, the system's"},
    {.key = "facility",
     .type = &schema_word,
     .words = facilities,
     SYSLOG(facility),
     .fallback = "authpriv",
     .help = "the part of the machine that speaks, as syslog names them"},
    {.key = "timeout",
     TIMEOUT,
     SYSLOG(timeout_ms),
     .fallback = "10s",
     .help = "how long it may take to connect or read"},
    {0}};

const struct schema_option options_recipient_fields[] = {
    {.key = "", .type = &schema_place, RECIPIENT(at)},
    {.key = "role",
     .type = &schema_string,
     RECIPIENT(role),
     .required = true,
     .help = "the role in the school that is told this way, such as safeguarding or technical"},
    {.key = "mail", LIST_OF(schema_string), RECIPIENT(mail), .help = "addresses"},
    {.key = "webhook", LIST_OF(schema_string), RECIPIENT(webhook), .help = "names in webhooks"},
    {.key = "syslog", LIST_OF(schema_string), RECIPIENT(syslog), .help = "names in syslog"},
    {.key = "folder", LIST_OF(schema_string), RECIPIENT(folder), .help = "folders in which messages are left as files"},
    {0}};
