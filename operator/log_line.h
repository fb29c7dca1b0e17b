/* A row of the query log as a line for people. Threads: pure; any thread. */
#ifndef OPERATOR_LOG_LINE_H
#define OPERATOR_LOG_LINE_H

#include "base/text.h"
#include "qlog/reader.h"

/* Adds the line with its end. A row with `lost` is a gap. */
void log_line_add(const struct qlog_row *row, struct text *out);

#endif
