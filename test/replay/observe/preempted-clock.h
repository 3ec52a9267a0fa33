/* For every program that it is put before: the processor is taken away before every second look at the wall clock. */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

static int preempted_gettime(clockid_t clock, struct timespec *time)
{
    static unsigned looks;

    if (clock == CLOCK_REALTIME && looks++ % 2 == 0)
        usleep(20000);
    return clock_gettime(clock, time);
}

#define clock_gettime(clock, time) preempted_gettime(clock, time)
