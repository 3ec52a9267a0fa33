/*
 * The receiver of the guest's heartbeat: a process of its own, so that nothing in migbench delays it, and with the
 * kernel's stamps of arrival, so that not even its own delay counts. Everything stays in memory until it is told to
 * stop (its standard input ends); then it prints one line per beat: session, sequence, skipped slots, and the
 * moment of arrival on CLOCK_MONOTONIC in ns.
 *
 *     receiver ADDRESS        first line of the output: `port N`
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

#define MAGIC 0x4248474dU /* "MGHB" in memory */
#define BUFFER_BYTES (4 * 1024 * 1024)
/* Two looks at a clock that are farther apart had something else between them, ns. */
#define CLOSE_NS 20000
#define MOST_LOOKS 10

/* workloads/agent/PROTOCOL.md: 24 bytes, little-endian. */
struct beat {
    uint32_t magic;
    uint32_t session;
    uint32_t sequence;
    uint32_t skipped;
    uint64_t guest_ns;
};

struct arrival {
    uint32_t session;
    uint32_t sequence;
    uint32_t skipped;
    int64_t at_ns;
};

static struct arrival *arrivals;
static size_t count, capacity;

static int64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void keep(const struct beat *beat, int64_t at_ns)
{
    if (count == capacity) {
        capacity = capacity == 0 ? 65536 : 2 * capacity;
        arrivals = realloc(arrivals, capacity * sizeof *arrivals);
        if (arrivals == NULL)
            fail("realloc");
    }
    arrivals[count++] = (struct arrival){beat->session, beat->sequence, beat->skipped, at_ns};
}

/*
 * How far the wall clock is ahead of the monotonic one, ns. It is read between two looks at the other one, and again where
 * those are far apart: a process that lost its processor between two clocks would take that time for their distance.
 */
static int64_t wall_ahead(void)
{
    int64_t ahead = 0, least = INT64_MAX;
    int look;

    for (look = 0; look < MOST_LOOKS && least > CLOSE_NS; look++) {
        int64_t before = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME), after = now(CLOCK_MONOTONIC);

        if (after - before < least) {
            least = after - before;
            ahead = wall - (before + after) / 2;
        }
    }
    return ahead;
}

/* The kernel stamps with the wall clock. */
static int64_t stamp_of(struct msghdr *message)
{
    struct cmsghdr *control;

    for (control = CMSG_FIRSTHDR(message); control != NULL; control = CMSG_NXTHDR(message, control))
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;

            memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
            return (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec - wall_ahead();
        }
    return now(CLOCK_MONOTONIC);
}

static void receive_all(int fd)
{
    for (;;) {
        struct beat beat;
        char control[CMSG_SPACE(sizeof(struct timespec))];
        struct iovec part = {&beat, sizeof beat};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

        if (length < 0)
            return;
        if (length == sizeof beat && (message.msg_flags & MSG_TRUNC) == 0 && beat.magic == MAGIC)
            keep(&beat, stamp_of(&message));
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    const int on = 1, bytes = BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t index;

    if (argc != 2 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: receiver ADDRESS\n");
        return 2;
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("bind");
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
        fail("SO_TIMESTAMPNS");
    /* A larger buffer where the kernel allows one. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd waiting[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

        if (poll(waiting, 2, -1) < 0)
            continue;
        receive_all(fd);
        if (waiting[1].revents != 0)
            break;
    }
    for (index = 0; index < count; index++)
        printf("%u %u %u %lld\n", arrivals[index].session, arrivals[index].sequence,
               arrivals[index].skipped, (long long)arrivals[index].at_ns);
    return 0;
}
