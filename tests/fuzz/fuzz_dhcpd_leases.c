/* dhcpd.leases of ISC DHCP. */
#include "fuzz_leases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_leases(READING_ISC, data, size);
}
