#include "ship/sink.h"

#include <stddef.h>

int sink_open(const struct sink_opts *opts, struct sink **out, char *why)
{
    switch (opts->to->kind) {
    case DESTINATION_CLICKHOUSE:
        return clickhouse_open(opts, out, why);
    case DESTINATION_KAFKA:
        return kafka_open(opts, out, why);
    case DESTINATION_SYSLOG:
        return syslog_sink_open(opts, out, why);
    }
    return ERR_INVAL;
}

void sink_close(struct sink *sink)
{
    if (sink != NULL)
        sink->ops->close(sink);
}
