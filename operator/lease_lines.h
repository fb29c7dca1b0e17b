/* The lines of `belisha status` about DHCP leases. Threads: one. */
#ifndef OPERATOR_LEASE_LINES_H
#define OPERATOR_LEASE_LINES_H

#include <stdio.h>

#include <jansson.h>

/* leases: the member of this name; prints nothing where no source is configured. */
void lease_lines_print(FILE *to, const json_t *leases);

#endif
