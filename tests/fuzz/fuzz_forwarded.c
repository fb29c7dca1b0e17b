/* EDNS options as a forwarder, or whoever speaks through it, may send them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/forwarded.h"
#include "base/mac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its own, so that a byte past the end is seen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forwarded said;
    size_t len = size > UINT16_MAX ? UINT16_MAX : size;
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, len);
    forwarded_read(copy, len, &said);
    if (said.has_mac && !mac_is_usable(said.mac))
        abort();
    if (said.has_subnet && (said.subnet.bits > 128 || !prefix_contains(&said.subnet, &said.subnet.addr)))
        abort();
    if (said.has_subnet &&
        (said.subnet_len < 4 || said.subnet_option < copy || said.subnet_option + said.subnet_len > copy + len))
        abort();
    if (said.has_cpe && (said.cpe_len > FORWARDED_CPE_MAX || said.cpe < copy || said.cpe + said.cpe_len > copy + len))
        abort();
    free(copy);
    return 0;
}
