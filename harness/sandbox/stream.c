/*
 * A stream that competes with a migration for its link: datagrams at a constant rate, which do not give way to anyone.
 *
 *     stream receive ADDRESS PORT                      first line of the output: `ready`
 *     stream send ADDRESS PORT BITS_PER_SECOND         first line of the output: `ready`
 *
 * Both go on until their standard input ends. The sender then prints what it sent, what its own sockets would not
 * take, and for how long it sent: `sent N refused N ns N`. Rates count whole frames, as the shaper of a link does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A frame of 1514 bytes: Ethernet 14, IP 20, UDP 8. */
#define PAYLOAD_BYTES 1472
#define FRAME_BITS (1514 * 8)
#define TICK_NS 1000000
/* What was missed while the sender did not run is caught up with to this extent, ns; the rest stays unsent. */
#define CATCH_UP_NS 100000000
/* Frames in the shaper's queue count against the socket they came from, and an ordinary user's sockets are small. */
#define SOCKETS 64
#define BATCH 64
#define BUFFER_BYTES (8 * 1024 * 1024)

static char payload[PAYLOAD_BYTES];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void ready(void)
{
    printf("ready\n");
    fflush(stdout);
}

/* Whether standard input has ended, after at most so long. */
static int is_over(int fd, int timeout_ms)
{
    struct pollfd waiting[2] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    return poll(waiting, fd < 0 ? 1 : 2, timeout_ms) > 0 && waiting[0].revents != 0;
}

static int receive(const struct sockaddr_in *address)
{
    const int bytes = BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct mmsghdr messages[BATCH];

    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0)
        fail("bind");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    /* What is in the datagrams is of no interest: no room is given for it. */
    memset(messages, 0, sizeof messages);
    ready();
    while (!is_over(fd, -1))
        while (recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL) == BATCH)
            ;
    return 0;
}

static int send_at(const struct sockaddr_in *address, double bits_per_second)
{
    const int bytes = BUFFER_BYTES;
    const double frames_per_ns = bits_per_second / FRAME_BITS / 1e9;
    struct iovec part = {payload, sizeof payload};
    struct mmsghdr messages[BATCH];
    int sockets[SOCKETS], index;
    unsigned turn = 0;
    int64_t started, due, skipped = 0, sent = 0, refused = 0;

    for (index = 0; index < SOCKETS; index++) {
        sockets[index] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (sockets[index] < 0 ||
            connect(sockets[index], (const struct sockaddr *)address, sizeof *address) != 0)
            fail("connect");
        setsockopt(sockets[index], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    }
    memset(messages, 0, sizeof messages);
    for (index = 0; index < BATCH; index++) {
        messages[index].msg_hdr.msg_iov = &part;
        messages[index].msg_hdr.msg_iovlen = 1;
    }
    ready();
    for (started = now(); !is_over(-1, 0);) {
        struct timespec tick = {.tv_nsec = TICK_NS};
        int64_t behind;

        due = (int64_t)((double)(now() - started) * frames_per_ns) - skipped;
        behind = due - sent - refused - (int64_t)(CATCH_UP_NS * frames_per_ns) - 1;
        if (behind > 0) {
            skipped += behind;
            due -= behind;
        }
        while (sent + refused < due) {
            int64_t left = due - sent - refused;
            unsigned want = left > BATCH ? BATCH : (unsigned)left;
            int done = sendmmsg(sockets[turn++ % SOCKETS], messages, want, MSG_DONTWAIT);

            /* A datagram that no socket takes is lost, as one that a full queue drops. */
            if (done > 0)
                sent += done;
            else
                refused += want;
        }
        nanosleep(&tick, NULL);
    }
    printf("sent %lld refused %lld ns %lld\n", (long long)sent, (long long)refused,
           (long long)(now() - started));
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    if (argc >= 4 && inet_pton(AF_INET, argv[2], &address.sin_addr) == 1) {
        address.sin_port = htons((uint16_t)atoi(argv[3]));
        if (argc == 4 && strcmp(argv[1], "receive") == 0)
            return receive(&address);
        if (argc == 5 && strcmp(argv[1], "send") == 0 && atof(argv[4]) > 0)
            return send_at(&address, atof(argv[4]));
    }
    fprintf(stderr, "usage: stream receive ADDRESS PORT | stream send ADDRESS PORT BITS_PER_SECOND\n");
    return 2;
}
