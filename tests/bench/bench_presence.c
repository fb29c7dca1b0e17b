/*
 * Who is where, for a large school: how long a table takes to be made of all claims, what a look-up costs, and memory.
 *
 *     bench_presence [DEVICES]
 *
 * Each device has a lease of IPv4 and of IPv6 and an authenticated user, every fifth is lent as well.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "identity/presence.h"
#include "identity/roster.h"

#define NOW   1000000
#define SEED  12345
#define PEERS 4000000 /* look-ups */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct roster *roster;

static uint32_t user_number(void *ctx, const char *name)
{
    (void)ctx;
    return roster_number(roster, ROSTER_USER, name);
}

static uint32_t device_number(void *ctx, const char *name)
{
    (void)ctx;
    return roster_number(roster, ROSTER_DEVICE, name);
}

static uint32_t person_of(void *ctx, const char *name)
{
    (void)ctx;
    return (uint32_t)name[0];
}

static struct ipaddr address_of(uint32_t device, bool v6)
{
    struct ipaddr address = {{0xfd}};
    if (!v6)
        return ipaddr_from_v4((uint8_t[4]){10, (uint8_t)(device >> 16), (uint8_t)(device >> 8), (uint8_t)device});
    memcpy(address.bytes + 12, &device, sizeof device);
    return address;
}

static void put(struct claims *claims, struct claim *claim)
{
    if (claims_put(claims, claim) < 0) {
        fputs("there is no room for so many\n", stderr);
        exit(1);
    }
}

static void put_device(struct claims *claims, uint32_t device)
{
    struct claim claim = {.source = CLAIM_LEASE, .has_address = true, .has_mac = true, .from_s = 1, .until_s = NOW * 2};
    claim.mac[0] = 0x3c;
    memcpy(claim.mac + 2, &device, sizeof device);
    snprintf(claim.host, sizeof claim.host, "device-%" PRIu32, device);
    for (unsigned v6 = 0; v6 < 2; v6++) {
        claim.address = address_of(device, v6 == 1);
        snprintf(claim.key, sizeof claim.key, "%u/%" PRIu32, v6, device);
        put(claims, &claim);
    }
    claim.source = CLAIM_RADIUS;
    claim.has_address = false;
    claim.host[0] = '\0';
    snprintf(claim.user, sizeof claim.user, "user-%" PRIu32, device);
    put(claims, &claim);
    claim.source = CLAIM_LOAN;
    if (device % 5 == 0)
        put(claims, &claim);
}

static void look_up(const struct presence *table, uint32_t devices)
{
    uint64_t found = 0;
    uint32_t chance = 1;
    int64_t begin = now_ns();
    for (unsigned i = 0; i < PEERS; i++) {
        struct presence_who who;
        chance = chance * 1664525 + 1013904223;
        struct ipaddr address = address_of((uint32_t)((uint64_t)chance * devices >> 32), (i & 1) != 0);
        found += presence_find(table, &address, NOW, &who);
    }
    double each = (double)(now_ns() - begin) / PEERS;
    printf("look-up     %.0f ns each, of random addresses (%.0f %% known)\n", each, (double)found * 100 / PEERS);
}

int main(int argc, char *argv[])
{
    uint32_t devices = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 50000;
    struct claims *claims;
    struct presence *table = NULL;
    const struct presence_opts opts = {
        .seed = SEED, .epoch = 1, .user = user_number, .device = device_number, .person = person_of};
    if (devices == 0 || roster_new(&roster) < 0 || claims_new(CLAIMS_MAX, SEED, &claims) < 0)
        return 1;
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    int64_t begin = now_ns();
    for (uint32_t device = 0; device < devices; device++)
        put_device(claims, device);
    size_t with_claims = mallinfo2().uordblks + mallinfo2().hblkhd;
    printf("claims      %zu of %" PRIu32 " devices, %.0f ns each, %.1f MB\n", claims_count(claims), devices,
           (double)(now_ns() - begin) / (double)claims_count(claims), (double)(with_claims - before) / 1e6);
    for (unsigned round = 0; round < 5; round++) {
        presence_free(table);
        table = NULL;
        begin = now_ns();
        if (presence_new(claims, &opts, NOW, &table) < 0)
            return 1;
        printf("table       made in %.1f ms%s\n", (double)(now_ns() - begin) / 1e6,
               round == 0 ? ", every name for the first time" : "");
    }
    printf("            %zu addresses, %.1f MB with the roster\n", presence_count(table),
           (double)(mallinfo2().uordblks + mallinfo2().hblkhd - with_claims) / 1e6);
    look_up(table, devices);
    presence_free(table);
    claims_free(claims);
    roster_close(roster);
    return 0;
}
