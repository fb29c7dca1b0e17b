/*
 * Questions over UDP, as many as are answered or so many a second, and how long the answers took.
 *
 *     bench_load PORT QUERIES [--seconds S] [--sockets N] [--window W] [--rate R] [--pid PID]
 *     bench_load --echo PORT        sends every packet back: what the kernel alone takes
 *     bench_load --upstream PORT    answers every name with an address
 *
 * QUERIES: "name TYPE" lines, asked in turn. Without --rate, N sockets keep W questions waiting each; with it, they leave
 * by the clock whether answers come or not. --pid: also the processor time of that process for an answer. All of it on
 * 127.0.0.1. Prints one line.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/msg.h"
#include "dns/rr.h"
#include "tool.h"

#define BATCH       64u
#define SOCKETS_MAX 64u
#define WINDOW_MAX  1024u /* a power of two; the low bits of a question's id are its place */
#define PACKET_MAX  512u
#define LOST_S      1.0
#define WARM_S      0.5 /* not counted */

/* ---- times: buckets of an eighth of a power of two, in ns ---- */

#define BUCKETS (64 * 8)

static uint64_t times[BUCKETS];
static uint64_t time_count;

static unsigned bucket_of(uint64_t ns)
{
    if (ns < 8)
        return (unsigned)ns;
    unsigned top = 63 - (unsigned)__builtin_clzll(ns);
    return top * 8 + (unsigned)(ns >> (top - 3) & 7);
}

static double bucket_us(unsigned bucket)
{
    return bucket < 24 ? bucket / 1000.0 : (double)(UINT64_C(1) << bucket / 8) * (1 + bucket % 8 / 8.0) / 1000.0;
}

static double percentile_us(double share)
{
    uint64_t wanted = (uint64_t)((double)time_count * share);
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        if ((seen += times[i]) > wanted)
            return bucket_us(i);
    return 0;
}

/* ---- questions ---- */

struct question_bytes {
    uint8_t bytes[300];
    uint16_t len;
};

static struct question_bytes *questions;
static size_t question_count;
static size_t next_question;

static void questions_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[400];
    size_t cap = 0;
    must(file == NULL ? -errno : 0, path);
    while (fgets(line, sizeof line, file) != NULL) {
        char name[300], type[20];
        if (sscanf(line, "%299s %19s", name, type) != 2)
            continue;
        if (question_count == cap) {
            cap = cap == 0 ? 65536 : cap * 2;
            questions = realloc(questions, cap * sizeof *questions);
            must(questions == NULL ? ERR_NOMEM : 0, "questions");
        }
        struct question_bytes *q = &questions[question_count];
        int len = name_from_text(name, strlen(name), q->bytes + MSG_HEADER_LEN);
        int number = dns_type_from_text(type);
        if (len < 0 || number < 0)
            continue;
        memset(q->bytes, 0, MSG_HEADER_LEN);
        msg_put_u16(q->bytes + 2, MSG_RD);
        msg_put_u16(q->bytes + 4, 1);
        msg_put_u16(q->bytes + MSG_HEADER_LEN + len, (unsigned)number);
        msg_put_u16(q->bytes + MSG_HEADER_LEN + len + 2, DNS_CLASS_IN);
        q->len = (uint16_t)(MSG_HEADER_LEN + len + 4);
        question_count++;
    }
    fclose(file);
    must(question_count == 0 ? ERR_NOENT : 0, "no question in the file");
}

/* ---- packets ---- */

struct batch {
    struct mmsghdr headers[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_in peers[BATCH];
    uint8_t bytes[BATCH][PACKET_MAX];
};

static void batch_init(struct batch *b, bool with_peers)
{
    memset(b, 0, sizeof *b);
    for (unsigned i = 0; i < BATCH; i++) {
        b->iov[i] = (struct iovec){.iov_base = b->bytes[i], .iov_len = PACKET_MAX};
        b->headers[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
        if (with_peers)
            b->headers[i].msg_hdr.msg_name = &b->peers[i];
    }
}

static int batch_receive(struct batch *b, int fd, int flags)
{
    for (unsigned i = 0; i < BATCH; i++) {
        b->iov[i].iov_len = PACKET_MAX;
        b->headers[i].msg_hdr.msg_namelen = b->headers[i].msg_hdr.msg_name == NULL ? 0 : sizeof b->peers[i];
    }
    int count = recvmmsg(fd, b->headers, BATCH, flags, NULL);
    return count < 0 ? 0 : count;
}

static void batch_send(struct batch *b, int fd, unsigned count)
{
    for (unsigned done = 0; done < count;) {
        int sent = sendmmsg(fd, b->headers + done, count - done, 0);
        if (sent > 0)
            done += (unsigned)sent;
        else if (errno != EINTR)
            done++; /* it counts as lost */
    }
}

static int socket_open(uint16_t port, bool listens)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int bytes = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(fd < 0 ? -errno : 0, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    int err = listens ? bind(fd, (struct sockaddr *)&at, sizeof at) : connect(fd, (struct sockaddr *)&at, sizeof at);
    must(err < 0 ? -errno : 0, "address");
    return fd;
}

/* Makes the question at bytes an answer to it; returns its length. */
static size_t answer_make(uint8_t *bytes, size_t len)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1};
    int name = len < MSG_HEADER_LEN ? -1 : msg_name_skip(bytes, len, MSG_HEADER_LEN);
    size_t end = MSG_HEADER_LEN + (size_t)(name < 0 ? 0 : name) + 4;
    if (name < 0 || end > len || end + sizeof record > PACKET_MAX)
        return 0;
    msg_put_u16(bytes + 2, MSG_QR | MSG_RD | MSG_RA);
    msg_put_u16(bytes + 6, 1);
    msg_put_u32(bytes + 8, 0);
    memcpy(bytes + end, record, sizeof record);
    return end + sizeof record;
}

static void serve(uint16_t port, bool answers)
{
    static struct batch b;
    int fd = socket_open(port, true);
    batch_init(&b, true);
    for (;;) {
        int count = batch_receive(&b, fd, MSG_WAITFORONE);
        for (int i = 0; i < count; i++)
            b.iov[i].iov_len = answers ? answer_make(b.bytes[i], b.headers[i].msg_len) : b.headers[i].msg_len;
        batch_send(&b, fd, (unsigned)count);
    }
}

/* ---- load ---- */

struct lane {
    int fd;
    unsigned waiting;
    uint16_t turn[WINDOW_MAX]; /* of the question in each place: the high bits of its id */
    double sent_s[WINDOW_MAX]; /* 0: the place is free */
};

struct load {
    struct lane lanes[SOCKETS_MAX];
    unsigned lane_count, window;
    uint64_t answered, lost, refused;
    double counted_from_s;
    struct batch out, in;
};

static unsigned turn_bits(unsigned window)
{
    return (unsigned)__builtin_ctz(window);
}

static void lane_send(struct load *l, struct lane *lane, unsigned wanted, double now_s)
{
    unsigned count = 0;
    for (unsigned place = 0; place < l->window && count < wanted && count < BATCH; place++) {
        if (lane->sent_s[place] != 0)
            continue;
        const struct question_bytes *q = &questions[next_question++ % question_count];
        memcpy(l->out.bytes[count], q->bytes, q->len);
        msg_put_u16(l->out.bytes[count], (unsigned)(++lane->turn[place] << turn_bits(l->window) | place) & UINT16_MAX);
        l->out.iov[count++].iov_len = q->len;
        lane->sent_s[place] = now_s;
        lane->waiting++;
    }
    batch_send(&l->out, lane->fd, count);
}

static void lane_receive(struct load *l, struct lane *lane)
{
    int count = batch_receive(&l->in, lane->fd, MSG_DONTWAIT);
    double now_s = count > 0 ? wall_s() : 0;
    for (int i = 0; i < count; i++) {
        unsigned id = l->in.headers[i].msg_len < MSG_HEADER_LEN ? 0 : msg_u16(l->in.bytes[i]);
        unsigned place = id & (l->window - 1);
        unsigned expected = (unsigned)(lane->turn[place] << turn_bits(l->window) | place) & UINT16_MAX;
        if (id != expected || lane->sent_s[place] == 0)
            continue; /* late */
        if (now_s >= l->counted_from_s) {
            times[bucket_of((uint64_t)((now_s - lane->sent_s[place]) * 1e9))]++;
            time_count++;
            l->answered++;
            l->refused += (l->in.bytes[i][3] & 15) != 0;
        }
        lane->sent_s[place] = 0;
        lane->waiting--;
    }
}

static void lane_give_up(struct load *l, struct lane *lane, double now_s)
{
    for (unsigned place = 0; place < l->window; place++)
        if (lane->sent_s[place] != 0 && now_s - lane->sent_s[place] > LOST_S) {
            lane->sent_s[place] = 0;
            lane->waiting--;
            l->lost++;
        }
}

/* How many questions of the lane should leave now. rate: of this lane, 0: as many as there is room for. */
static unsigned questions_due(const struct load *l, const struct lane *lane, double rate, double passed_s,
                              uint64_t sent)
{
    if (rate == 0)
        return l->window - lane->waiting;
    uint64_t due = (uint64_t)(rate * passed_s);
    return due > sent ? (unsigned)(due - sent) : 0;
}

static void load_run(struct load *l, double rate, double seconds)
{
    static uint64_t sent[SOCKETS_MAX];
    double begin_s = wall_s(), checked_s = begin_s;
    l->counted_from_s = begin_s + WARM_S;
    for (double now_s = begin_s; now_s < l->counted_from_s + seconds; now_s = wall_s()) {
        for (unsigned i = 0; i < l->lane_count; i++) {
            struct lane *lane = &l->lanes[i];
            lane_receive(l, lane);
            unsigned before = lane->waiting;
            unsigned due = questions_due(l, lane, rate / l->lane_count, now_s - begin_s, sent[i]);
            if (due > 0)
                lane_send(l, lane, due, wall_s());
            sent[i] += lane->waiting - before;
        }
        if (now_s - checked_s < LOST_S / 4)
            continue;
        checked_s = now_s;
        for (unsigned i = 0; i < l->lane_count; i++)
            lane_give_up(l, &l->lanes[i], now_s);
    }
}

/* Processor time of all threads of a process so far. */
static double process_s(int pid)
{
    char path[300];
    double total_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = pid == 0 ? NULL : opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        double ns = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%.100s/schedstat", pid, e->d_name);
        FILE *file = e->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%lf", &ns) == 1)
            total_ns += ns;
        fclose(file);
    }
    if (dir != NULL)
        closedir(dir);
    return total_ns / 1e9;
}

static void usage(void)
{
    fputs("bench_load PORT QUERIES [--seconds S] [--sockets N] [--window W] [--rate R] [--pid PID]\n"
          "bench_load --echo PORT\n"
          "bench_load --upstream PORT\n",
          stderr);
    exit(2);
}

static double number(char **argv, int i)
{
    char *end;
    double value = argv[i] == NULL ? -1 : strtod(argv[i], &end);
    if (value < 0 || *end != '\0')
        usage();
    return value;
}

int main(int argc, char **argv)
{
    static struct load l = {.lane_count = 16, .window = 8};
    double seconds = 3, rate = 0;
    int pid = 0;
    if (argc == 3 && (strcmp(argv[1], "--echo") == 0 || strcmp(argv[1], "--upstream") == 0))
        serve((uint16_t)number(argv, 2), argv[1][2] == 'u');
    if (argc < 3)
        usage();
    for (int i = 3; i < argc; i += 2) {
        double value = number(argv, i + 1);
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = value;
        else if (strcmp(argv[i], "--sockets") == 0 && value >= 1 && value <= SOCKETS_MAX)
            l.lane_count = (unsigned)value;
        else if (strcmp(argv[i], "--window") == 0 && value >= 1 && value <= WINDOW_MAX)
            l.window = (unsigned)value;
        else if (strcmp(argv[i], "--rate") == 0)
            rate = value;
        else if (strcmp(argv[i], "--pid") == 0)
            pid = (int)value;
        else
            usage();
    }
    if (rate > 0 || (l.window & (l.window - 1)) != 0)
        l.window = rate > 0 ? WINDOW_MAX : 1u << (32 - __builtin_clz(l.window));
    questions_read(argv[2]);
    for (unsigned i = 0; i < l.lane_count; i++)
        l.lanes[i].fd = socket_open((uint16_t)number(argv, 1), false);
    batch_init(&l.out, false);
    batch_init(&l.in, false);
    double before_s = process_s(pid), begin_s = wall_s();
    load_run(&l, rate, seconds);
    double used_s = process_s(pid) - before_s, passed_s = wall_s() - begin_s;
    printf("%.0f answers/s, p50 %.0f us, p99 %.0f us, p99.9 %.0f us, lost %" PRIu64 ", not NOERROR %" PRIu64,
           (double)l.answered / seconds, percentile_us(.5), percentile_us(.99), percentile_us(.999), l.lost, l.refused);
    if (pid != 0)
        printf(", %.0f ns of processor each, %.0f a second on one full core",
               used_s / passed_s * seconds / (double)l.answered * 1e9,
               (double)l.answered / (used_s / passed_s * seconds));
    printf("\n");
    return 0;
}
