/* The options of `dnstap` in belisha.yaml. */
#include <stddef.h>

#include "config/options.h"

#define DNSTAP(member) .offset = offsetof(struct options_dnstap, member)

const char *const options_dnstap_messages[] = {"client_query", "client_response", "forwarder_query",
                                               "forwarder_response", NULL};

const struct schema_option options_dnstap_fields[] = {
    {.key = "socket",
     .type = &schema_string,
     DNSTAP(socket),
     .help = "the Unix socket on which a reader listens; without one, nothing is told"},
    {.key = "identity",
     .type = &schema_string,
     DNSTAP(identity),
     .help = "this resolver's name in the messages; without one, `log.node`"},
    {.key = "version",
     .type = &schema_string,
     DNSTAP(version),
     .help = "its version in the messages; without one, the program's"},
    {.key = "messages",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .words = options_dnstap_messages,
     DNSTAP(messages),
     .fallback = "[client_query, client_response, forwarder_query, forwarder_response]",
     .help = "what is told"},
    {0}};
