/*
 * The heartbeat: a thread above everything else in the guest sends a numbered datagram on an absolute schedule, so
 * that a receiver outside sees when the guest did not run. After a stall it does not make up for the beats it
 * missed: it says how many slots of the schedule it has skipped since the start, and goes on with the next one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define HEARTBEAT_MAGIC 0x4248474dU /* "MGHB" in memory */

/* 24 bytes, little-endian. */
struct beat {
    uint32_t magic;
    uint32_t session;
    uint32_t sequence; /* beats sent, from 0: a hole is a lost datagram */
    uint32_t skipped;  /* slots of the schedule that passed without a beat: the guest itself was late */
    uint64_t monotonic_ns;
};

static struct settings {
    struct sockaddr_in target;
    uint32_t session;
    uint64_t period_ns;
} settings;
static pthread_t thread;
static int running;
static atomic_int stopping;

static void *beat_until_stopped(void *unused)
{
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct beat beat = {.magic = HEARTBEAT_MAGIC, .session = settings.session};
    uint64_t due = clock_ns(CLOCK_MONOTONIC);

    (void)unused;
    while (!stopping) {
        struct timespec until;

        due += settings.period_ns;
        until.tv_sec = (time_t)(due / 1000000000U);
        until.tv_nsec = (long)(due % 1000000000U);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        beat.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
        if (beat.monotonic_ns - due >= settings.period_ns) {
            uint64_t missed = (beat.monotonic_ns - due) / settings.period_ns;

            beat.skipped += (uint32_t)missed;
            due += missed * settings.period_ns;
        }
        sendto(socket_fd, &beat, sizeof beat, MSG_DONTWAIT, (struct sockaddr *)&settings.target,
               sizeof settings.target);
        beat.sequence++;
    }
    close(socket_fd);
    return NULL;
}

static void stop(void)
{
    if (running) {
        stopping = 1;
        pthread_join(thread, NULL);
        running = 0;
    }
}

/* `heartbeat PORT PERIOD_US` or `heartbeat off`; a second call replaces the first. */
void heartbeat_set(uint64_t id, const struct sockaddr_in *collector, uint32_t session, char *const argv[])
{
    const struct sched_param priority = {.sched_priority = 50};
    unsigned long period_us;
    pthread_attr_t attributes;

    stop();
    if (argv[0] != NULL && strcmp(argv[0], "off") == 0) {
        reply(id, "ok", "off");
        return;
    }
    period_us = argv[0] != NULL && argv[1] != NULL ? strtoul(argv[1], NULL, 10) : 0;
    if (period_us < 100 || period_us > 1000000) {
        reply(id, "error", "heartbeat needs a port and a period of 100 to 1000000 us");
        return;
    }
    settings.target = *collector;
    settings.target.sin_port = htons((uint16_t)atoi(argv[0]));
    settings.session = session;
    settings.period_ns = period_us * 1000;
    stopping = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    if (pthread_create(&thread, &attributes, beat_until_stopped, NULL) != 0) {
        reply(id, "error", "cannot start the heartbeat thread: %m");
        return;
    }
    running = 1;
    reply(id, "ok", "%lu", period_us);
}
