/*
 * Where leases come from, as the configuration says it, and how that goes.
 *
 * Threads: pure data.
 */
#ifndef LEASE_SOURCE_H
#define LEASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lease_kind { LEASE_KEA, LEASE_ISC, LEASE_DNSMASQ, LEASE_KEA_SOCKET };
#define LEASE_KINDS       4
#define LEASE_SOURCES_MAX 16
#define LEASE_TROUBLE_MAX 400 /* bytes of text, with the closing zero */

struct lease_source {
    enum lease_kind kind;
    const char *path;
};

struct lease_status {
    struct lease_source source;
    size_t lease_count;              /* that hold */
    int64_t read_s;                  /* when it was last read without trouble, wall time; 0: never */
    uint64_t refused_count;          /* records that could not be read, in what is there now */
    uint64_t full_count;             /* leases that there was no place for, ever */
    char trouble[LEASE_TROUBLE_MAX]; /* why nothing new is learned from it, and what to do; "": all is well */
};

/* "kea", "isc", "dnsmasq", "kea_socket": the words of the configuration. */
const char *lease_kind_name(enum lease_kind kind);

#endif
