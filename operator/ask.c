#include "operator/ask.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "belisha/block_text.h"
#include "dns/edns.h"
#include "dns/msg.h"
#include "dns/name.h"
#include "dns/rr.h"

#define PATIENCE_MS 3000
#define TRIES       2

static size_t question_write(const uint8_t *name, uint16_t id, uint8_t out[512])
{
    struct edns_reply opt = {.udp_size = 1232, .ede = EDE_NONE};
    size_t len = name_len(name);
    memset(out, 0, MSG_HEADER_LEN);
    msg_put_u16(out, id);
    msg_put_u16(out + 2, MSG_RD);
    msg_put_u16(out + 4, 1);
    msg_put_u16(out + 10, 1);
    memcpy(out + MSG_HEADER_LEN, name, len);
    msg_put_u16(out + MSG_HEADER_LEN + len, DNS_TYPE_A);
    msg_put_u16(out + MSG_HEADER_LEN + len + 2, DNS_CLASS_IN);
    len += MSG_HEADER_LEN + 4;
    int opt_len = edns_write(&opt, out + len, 512 - len);
    return len + (opt_len < 0 ? 0 : (size_t)opt_len);
}

/* A filter of an upstream server has these codes too, but not this text; what follows it may differ. */
static bool is_our_block(const struct edns_option *option)
{
    static const char text[] = BLOCK_TEXT;
    const size_t text_len = sizeof text - 1;
    if (option->code != EDNS_OPTION_EDE || option->len < 2 + text_len)
        return false;
    uint16_t code = msg_u16(option->data);
    return (code == EDE_FORGED_ANSWER || code == EDE_BLOCKED) && memcmp(option->data + 2, text, text_len) == 0;
}

/* Whether the options of an OPT record have the extended error of a block. */
static bool has_block_error(const uint8_t *options, size_t len)
{
    struct edns_option option;
    size_t pos = 0;
    while (edns_option_next(options, len, &pos, &option) > 0)
        if (is_our_block(&option))
            return true;
    return false;
}

static int answer_read(const uint8_t *msg, size_t len, bool *out_blocked)
{
    struct msg_walk walk;
    struct msg_rr rr;
    bool blocked = false;
    unsigned rcode = msg_u16(msg + 2) & MSG_RCODE;
    if (rcode == DNS_RCODE_REFUSED)
        return ERR_ACCESS;
    int code = msg_walk_begin(&walk, msg, len);
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0)
        blocked |= rr.type == DNS_TYPE_OPT && has_block_error(msg + rr.rdata_pos, rr.rdata_len);
    if (code < 0)
        return code;
    *out_blocked = blocked;
    return 0;
}

/* Where a server that listens everywhere is found from here. */
static struct endpoint server_of(const struct config *config)
{
    static const struct ipaddr none;
    static const uint8_t loopback_v4[] = {127, 0, 0, 1}, any_v4[4], loopback_v6[16] = {[15] = 1};
    struct endpoint at = config->listen[0];
    struct ipaddr everywhere = ipaddr_from_v4(any_v4);
    if (ipaddr_equal(&at.addr, &everywhere))
        at.addr = ipaddr_from_v4(loopback_v4);
    else if (ipaddr_equal(&at.addr, &none))
        at.addr = ipaddr_from_v6(loopback_v6);
    return at;
}

static int exchange(int fd, const uint8_t *question, size_t question_len, bool *out_blocked)
{
    uint8_t answer[4096];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (send(fd, question, question_len, 0) < 0)
        return -errno;
    while (poll(&wait, 1, PATIENCE_MS) > 0) {
        ssize_t len = recv(fd, answer, sizeof answer, 0);
        if (len < 0)
            return -errno;
        if (len >= MSG_HEADER_LEN && memcmp(answer, question, 2) == 0)
            return answer_read(answer, (size_t)len, out_blocked);
    }
    return ERR_TIMEOUT;
}

int ask_is_blocked(const struct config *config, const char *text, bool *out_blocked)
{
    struct random_pool random = {.left = 0};
    uint8_t name[NAME_MAX_LEN], question[512];
    struct sockaddr_storage to;
    struct endpoint at = server_of(config);
    socklen_t to_len = endpoint_to_sockaddr(&at, &to);
    int err = name_from_text(text, strlen(text), name);
    if (err < 0)
        return err;
    size_t len = question_write(name, (uint16_t)random_u32(&random), question);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, to_len) < 0) {
        err = -errno;
        if (fd >= 0)
            close(fd);
        return err;
    }
    err = ERR_TIMEOUT;
    for (int i = 0; i < TRIES && err == ERR_TIMEOUT; i++)
        err = exchange(fd, question, len, out_blocked);
    close(fd);
    return err;
}
