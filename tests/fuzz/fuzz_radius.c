/* RADIUS packets: whatever arrives is read within its bytes, and what is read keeps the bounds that it says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "radius/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_account(const struct radius_packet *packet)
{
    struct radius_account account;
    if (radius_account_read(packet, 1795913000, &account) < 0)
        return;
    if (strlen(account.user) >= RADIUS_USER_MAX || strlen(account.host) >= RADIUS_HOST_MAX ||
        strlen(account.id) >= RADIUS_ID_MAX || strlen(account.nas) >= RADIUS_NAS_MAX ||
        account.address_count > RADIUS_ADDRESSES_MAX || account.at_s > 1795913000)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct radius_packet packet;
    struct radius_attribute attribute;
    enum radius_proof proof;
    uint8_t answer[RADIUS_LEN_MAX];
    size_t at = 0, total = RADIUS_LEN_MIN;
    /* Longer than a datagram can be here; and where the bytes end matters, so they are a block of their own. */
    if (size > RADIUS_LEN_MAX)
        return 0;
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    if (radius_packet_parse(copy, size, &packet) == 0) {
        while (radius_packet_next(&packet, &at, &attribute))
            total += attribute.len + 2u;
        if (total != packet.len)
            abort();
        check_account(&packet);
        if (radius_packet_prove(&packet, "secret", false, &proof) < 0)
            abort();
        int len = radius_packet_answer(&packet, "secret", answer, sizeof answer);
        if (len > (int)packet.len + 18)
            abort();
    }
    free(copy);
    return 0;
}
