/*
 * A flood of questions that keeps account of every answer:
 *
 *     flood PORT TAG OUT [--seconds S] [--rate R] [--sockets N] [--window W]
 *
 * Question n asks for qTAG-n and one of the endings below, so that no two are alike; every fourth asks for the same name again, which the cache
 * answers. Ends after S seconds, when the server is gone, or when told to (SIGTERM); then OUT has a byte for each question, how many
 * answers it got, and one line on standard output says "sent N answered N slowest_ms T over_ms LIMITS...".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dns/name.h"

#define QUESTIONS_MAX (32u << 20)
#define SOCKETS_MAX   64
#define BATCH         64
#define PACKET        512
#define LOST_NS       INT64_C(1000000000)
#define SILENCE_NS    INT64_C(1500000000)

static const char *const endings[] = {"blocked.example.net", "wild.example.net", "invalid", NULL};

struct waiting {
    uint32_t number;
    int64_t sent_ns; /* 0: nothing waits */
};

struct channel {
    int fd;
    uint16_t next_id;
    uint32_t outstanding;
    struct waiting waiting[65536];
};

static struct channel *channels[SOCKETS_MAX];
static uint8_t *answers;
static uint32_t sent, answered;
static int64_t slowest_ns, last_answer_ns;
static uint64_t over[4]; /* 1, 10, 100, 1000 ms */
static volatile sig_atomic_t stopping;
static bool refused;
static const char *tag;

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_term(int number)
{
    (void)number;
    stopping = 1;
}

static size_t question_write(uint32_t number, uint16_t id, uint8_t out[PACKET])
{
    static const uint8_t tail[4] = {0, 1, 0, 1};
    uint8_t head[12] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1};
    char text[160];
    const char *ending = endings[number % 4];
    if (ending == NULL)
        snprintf(text, sizeof text, "www.example.net");
    else
        snprintf(text, sizeof text, "q%s-%u.%s", tag, number, ending);
    memcpy(out, head, sizeof head);
    int len = name_from_text(text, strlen(text), out + sizeof head);
    if (len < 0)
        abort();
    memcpy(out + sizeof head + len, tail, sizeof tail);
    return sizeof head + (size_t)len + sizeof tail;
}

static void channel_send(struct channel *c, uint32_t count)
{
    static uint8_t packets[BATCH][PACKET];
    static struct iovec iov[BATCH];
    static struct mmsghdr messages[BATCH];
    int64_t now = mono_ns();
    for (uint32_t i = 0; i < count; i++) {
        uint16_t id = c->next_id++;
        iov[i] = (struct iovec){packets[i], question_write(sent, id, packets[i])};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
        c->outstanding += c->waiting[id].sent_ns == 0;
        c->waiting[id] = (struct waiting){sent++, now};
    }
    if (count > 0 && sendmmsg(c->fd, messages, count, 0) < 0 && errno == ECONNREFUSED)
        refused = true;
}

static void answer_take(struct channel *c, const uint8_t *bytes, int64_t now)
{
    struct waiting *w = &c->waiting[bytes[0] << 8 | bytes[1]];
    if (w->sent_ns == 0)
        return; /* came too late to be counted as waiting */
    int64_t took = now - w->sent_ns;
    answers[w->number]++;
    answered++;
    c->outstanding--;
    w->sent_ns = 0;
    last_answer_ns = now;
    slowest_ns = took > slowest_ns ? took : slowest_ns;
    for (int64_t i = 0, limit = 1000000; i < 4; i++, limit *= 10)
        over[i] += took > limit;
}

static void channel_receive(struct channel *c)
{
    static uint8_t packets[BATCH][PACKET];
    static struct iovec iov[BATCH];
    static struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){packets[i], PACKET};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
    }
    int got = recvmmsg(c->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (got < 0 && errno == ECONNREFUSED)
        refused = true;
    int64_t now = mono_ns();
    for (int i = 0; i < got; i++)
        if (messages[i].msg_len >= 12)
            answer_take(c, packets[i], now);
}

/* Questions that were not answered for long make room for others, but count when an answer comes all the same. */
static void lost_forget(struct channel *c, int64_t now)
{
    c->outstanding = 0;
    for (size_t id = 0; id < 65536; id++)
        c->outstanding += c->waiting[id].sent_ns != 0 && now - c->waiting[id].sent_ns < LOST_NS;
}

static struct channel *channel_new(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct channel *c = calloc(1, sizeof *c);
    int bytes = 4 << 20;
    if (c == NULL)
        abort();
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (connect(c->fd, (struct sockaddr *)&at, sizeof at) < 0)
        abort();
    return c;
}

struct options {
    double seconds;
    uint32_t rate, sockets, window;
};

static uint32_t due(const struct options *o, int64_t begin, int64_t now)
{
    if (o->rate == 0)
        return BATCH;
    uint64_t wanted = (uint64_t)((double)(now - begin) / 1e9 * o->rate);
    return wanted <= sent ? 0 : wanted - sent < BATCH ? (uint32_t)(wanted - sent) : BATCH;
}

static void turn(const struct options *o, struct pollfd *polls, int64_t begin)
{
    int64_t now = mono_ns();
    bool ending = stopping || (o->seconds > 0 && (double)(now - begin) > o->seconds * 1e9);
    for (uint32_t i = 0; i < o->sockets; i++) {
        struct channel *c = channels[i];
        uint32_t room = c->outstanding < o->window ? o->window - c->outstanding : 0;
        uint32_t count = due(o, begin, now);
        count = count < room ? count : room;
        if (!ending && sent + count < QUESTIONS_MAX)
            channel_send(c, count < BATCH ? count : BATCH);
    }
    poll(polls, o->sockets, 1);
    for (uint32_t i = 0; i < o->sockets; i++)
        if (polls[i].revents != 0)
            channel_receive(channels[i]);
}

static bool is_done(const struct options *o, int64_t begin)
{
    static int64_t looked_ns;
    int64_t now = mono_ns();
    uint64_t outstanding = 0;
    if (now - looked_ns > 100000000) {
        looked_ns = now;
        for (uint32_t i = 0; i < o->sockets; i++)
            lost_forget(channels[i], now);
    }
    for (uint32_t i = 0; i < o->sockets; i++)
        outstanding += channels[i]->outstanding;
    bool ending = stopping || (o->seconds > 0 && (double)(now - begin) > o->seconds * 1e9);
    return refused || (ending && outstanding == 0) || (o->seconds == 0 && now - last_answer_ns > SILENCE_NS);
}

static double number_after(int argc, char **argv, const char *option, double otherwise)
{
    for (int i = 4; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return atof(argv[i + 1]);
    return otherwise;
}

int main(int argc, char **argv)
{
    struct pollfd polls[SOCKETS_MAX];
    if (argc < 4)
        return 1;
    struct options o = {.seconds = number_after(argc, argv, "--seconds", 0),
                        .rate = (uint32_t)number_after(argc, argv, "--rate", 0),
                        .sockets = (uint32_t)number_after(argc, argv, "--sockets", 8),
                        .window = (uint32_t)number_after(argc, argv, "--window", 64)};
    tag = argv[2];
    answers = calloc(QUESTIONS_MAX, 1);
    if (answers == NULL || o.sockets > SOCKETS_MAX)
        return 1;
    signal(SIGTERM, on_term);
    for (uint32_t i = 0; i < o.sockets; i++) {
        channels[i] = channel_new((uint16_t)atoi(argv[1]));
        polls[i] = (struct pollfd){channels[i]->fd, POLLIN, 0};
    }
    int64_t begin = last_answer_ns = mono_ns();
    while (!is_done(&o, begin))
        turn(&o, polls, begin);
    for (uint32_t i = 0; i < o.sockets; i++) /* what the server had sent before it went */
        for (int k = 0; k < 64; k++)
            channel_receive(channels[i]);
    FILE *out = fopen(argv[3], "wb");
    if (out == NULL || fwrite(answers, 1, sent, out) != sent || fclose(out) != 0)
        return 1;
    printf("sent %u answered %u slowest_ms %.3f over_ms 1:%llu 10:%llu 100:%llu 1000:%llu\n", sent, answered,
           (double)slowest_ns / 1e6, (unsigned long long)over[0], (unsigned long long)over[1],
           (unsigned long long)over[2], (unsigned long long)over[3]);
    return 0;
}
