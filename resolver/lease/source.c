#include "lease/source.h"

const char *lease_kind_name(enum lease_kind kind)
{
    static const char *const names[LEASE_KINDS] = {"kea", "isc", "dnsmasq", "kea_socket"};
    return names[kind];
}
