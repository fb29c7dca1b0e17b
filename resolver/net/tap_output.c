#include "net/tap_output.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstrm.h>

#include "base/log.h"

#define CONTENT_TYPE    "protobuf:dnstap.Dnstap"
#define QUEUE_ENTRIES   8192 /* of each worker; a power of two */
#define REOPEN_S        1
#define LOOK_MS         100  /* how often a wait looks whether it is to end */
#define HANDSHAKE_MS    2000 /* how long a reader may think about a control frame */
#define LAST_WORDS_MS   1000 /* what is on its way when the program ends */
#define IOV_AT_ONCE_MAX 1024

/* One worker's way in. */
struct lane {
    struct tap_output *output;
    struct fstrm_iothr_queue *queue;
    struct tap *tap;
    /* Frames ever handed over. The library orders them by a barrier of its own, which ThreadSanitizer does not see. */
    atomic_size_t given;
};

struct tap_output {
    struct sockaddr_un address;
    int fd;  /* -1: closed. The thread's, as the next two */
    int err; /* why the last try to connect failed; told once */
    int last_words_ms;
    atomic_bool ending;
    struct fstrm_iothr *iothr;
    size_t lane_count;
    struct lane lanes[];
};

/* ---- the socket, in the thread of the output ---- */

/* What was written before frames were handed over is there for this thread. */
static void see(const struct lane *lane)
{
    (void)atomic_load_explicit(&lane->given, memory_order_acquire);
}

static void say(struct tap_output *output, int err)
{
    if (err == output->err)
        return;
    if (err == 0)
        log_info("dnstap reader is there socket=%s", output->address.sun_path);
    else
        log_warning("no dnstap reader, messages are thrown away until there is one socket=%s cause=\"%s\"",
                    output->address.sun_path, strerror(err));
    output->err = err;
}

static fstrm_res on_open(void *obj)
{
    struct tap_output *output = obj;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&output->address, sizeof output->address) < 0) {
        say(output, errno);
        if (fd >= 0)
            close(fd);
        return fstrm_res_failure;
    }
    say(output, 0);
    output->fd = fd;
    return fstrm_res_success;
}

static fstrm_res on_close(void *obj)
{
    struct tap_output *output = obj;
    if (output->fd < 0)
        return fstrm_res_failure;
    close(output->fd);
    output->fd = -1;
    return fstrm_res_success;
}

/* Waits for the socket, at most patience_ms (negative: as long as it takes) and not long when the output is ending. */
static bool wait_for(struct tap_output *output, short events, int patience_ms)
{
    for (int waited_ms = 0; patience_ms < 0 || waited_ms < patience_ms; waited_ms += LOOK_MS) {
        struct pollfd fd = {.fd = output->fd, .events = events};
        int ready = poll(&fd, 1, LOOK_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if (atomic_load(&output->ending) && (output->last_words_ms -= LOOK_MS) <= 0)
            return false;
    }
    return false;
}

static fstrm_res on_read(void *obj, void *data, size_t count)
{
    struct tap_output *output = obj;
    for (size_t got = 0; got < count;) {
        ssize_t n = recv(output->fd, (uint8_t *)data + got, count - got, 0);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0)
            return fstrm_res_stop;
        else if (errno == EAGAIN ? !wait_for(output, POLLIN, HANDSHAKE_MS) : errno != EINTR)
            return fstrm_res_failure;
    }
    return fstrm_res_success;
}

static void skip(struct msghdr *message, size_t len)
{
    while (message->msg_iovlen > 0 && len >= message->msg_iov->iov_len) {
        len -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen > 0) {
        message->msg_iov->iov_base = (uint8_t *)message->msg_iov->iov_base + len;
        message->msg_iov->iov_len -= len;
    }
}

static fstrm_res on_write(void *obj, const struct iovec *iov, int count)
{
    struct tap_output *output = obj;
    struct iovec left[IOV_AT_ONCE_MAX];
    struct msghdr message = {.msg_iov = left, .msg_iovlen = (size_t)count};
    if (count > IOV_AT_ONCE_MAX)
        return fstrm_res_failure;
    for (size_t i = 0; i < output->lane_count; i++)
        see(&output->lanes[i]);
    memcpy(left, iov, (size_t)count * sizeof left[0]);
    while (message.msg_iovlen > 0) {
        ssize_t n = sendmsg(output->fd, &message, MSG_NOSIGNAL);
        if (n >= 0)
            skip(&message, (size_t)n);
        else if (errno == EAGAIN ? !wait_for(output, POLLOUT, -1) : errno != EINTR)
            return fstrm_res_failure;
    }
    return fstrm_res_success;
}

/* ---- a worker's side ---- */

static void on_done(void *frame, void *ctx)
{
    see(ctx);
    tap_give_back(frame);
}

static bool submit(void *ctx, uint8_t *frame, size_t len)
{
    struct lane *lane = ctx;
    atomic_fetch_add_explicit(&lane->given, 1, memory_order_release);
    return fstrm_iothr_submit(lane->output->iothr, lane->queue, frame, len, on_done, lane) == fstrm_res_success;
}

/* ---- the manager's side ---- */

static struct fstrm_writer *writer_new(struct tap_output *output)
{
    struct fstrm_writer_options *options = fstrm_writer_options_init();
    struct fstrm_rdwr *socket = fstrm_rdwr_init(output);
    fstrm_writer_options_add_content_type(options, CONTENT_TYPE, sizeof CONTENT_TYPE - 1);
    fstrm_rdwr_set_open(socket, on_open);
    fstrm_rdwr_set_close(socket, on_close);
    fstrm_rdwr_set_read(socket, on_read); /* with it, both sides say what they understand */
    fstrm_rdwr_set_write(socket, on_write);
    struct fstrm_writer *writer = fstrm_writer_init(options, &socket);
    fstrm_writer_options_destroy(&options);
    return writer;
}

static int start_thread(struct tap_output *output)
{
    struct fstrm_writer *writer = writer_new(output);
    struct fstrm_iothr_options *options = fstrm_iothr_options_init();
    fstrm_iothr_options_set_num_input_queues(options, (unsigned)output->lane_count);
    fstrm_iothr_options_set_input_queue_size(options, QUEUE_ENTRIES);
    fstrm_iothr_options_set_queue_model(options, FSTRM_IOTHR_QUEUE_MODEL_SPSC);
    fstrm_iothr_options_set_reopen_interval(options, REOPEN_S);
    output->iothr = writer == NULL ? NULL : fstrm_iothr_init(options, &writer);
    fstrm_iothr_options_destroy(&options);
    if (output->iothr != NULL)
        return 0;
    fstrm_writer_destroy(&writer);
    return ERR_NOMEM;
}

/* Before the thread runs, which looks at the lanes. */
static int open_lanes(struct tap_output *output, const struct tap_opts *opts)
{
    int err = 0;
    for (size_t i = 0; i < output->lane_count && err == 0; i++) {
        struct lane *lane = &output->lanes[i];
        lane->output = output;
        err = tap_new(opts, TAP_RING_BYTES, submit, lane, &lane->tap);
    }
    return err;
}

static int open_queues(struct tap_output *output)
{
    for (size_t i = 0; i < output->lane_count; i++) {
        output->lanes[i].queue = fstrm_iothr_get_input_queue_idx(output->iothr, i);
        if (output->lanes[i].queue == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

int tap_output_new(const char *path, const struct tap_opts *opts, size_t tap_count, struct tap_output **out)
{
    struct tap_output *output = calloc(1, sizeof *output + tap_count * sizeof output->lanes[0]);
    if (output == NULL)
        return ERR_NOMEM;
    output->address.sun_family = AF_UNIX;
    output->fd = output->err = -1;
    output->last_words_ms = LAST_WORDS_MS;
    output->lane_count = tap_count;
    int err = strlen(path) < sizeof output->address.sun_path ? 0 : ERR_LIMIT;
    if (err == 0) {
        strcpy(output->address.sun_path, path);
        err = open_lanes(output, opts);
    }
    if (err == 0)
        err = start_thread(output);
    if (err == 0)
        err = open_queues(output);
    if (err < 0) {
        tap_output_free(output);
        return err;
    }
    *out = output;
    return 0;
}

void tap_output_free(struct tap_output *output)
{
    if (output == NULL)
        return;
    atomic_store(&output->ending, true);
    if (output->iothr != NULL)
        fstrm_iothr_destroy(&output->iothr);
    for (size_t i = 0; i < output->lane_count; i++)
        tap_free(output->lanes[i].tap);
    free(output);
}

struct tap *tap_output_tap(const struct tap_output *output, size_t index)
{
    return output == NULL ? NULL : output->lanes[index].tap;
}
