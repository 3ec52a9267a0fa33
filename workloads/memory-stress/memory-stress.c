/*
 * memory-stress: writes pages of a fixed working set at a set rate, and can tell afterwards whether every byte of it
 * is what it should be. Speaks the line protocol of workloads/types.ts.
 *
 * Usage: memory-stress WORKING-SET DIRTY-RATE PATTERN BYTES-PER-PAGE CONTENT THREADS LOOP
 * (bytes, bytes/s or `unlimited`, names as in workload.ts)
 *
 * Each thread owns a part of the pages. Besides the pages there is a table of their generations; it is guarded by a
 * checksum and by the number of writes done, so that neither a flipped byte nor an older page goes unnoticed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "page.h"
#include "pattern.h"

#define SLOT_NS 2000000ULL /* the schedule's grain: writes that are due are done together */
#define PROGRESS_NS 50000000L
enum { THREADS_MAX = 64, WRITES_BETWEEN_LOOKS = 32 };
/* Two cache lines, since processors fetch them in pairs: a thread that counts must not slow down its neighbour. */
enum { ALONE_BYTES = 128 };

struct writer {
    pthread_t thread;
    uint64_t first; /* its pages are first … first + count - 1 */
    uint64_t count;
    struct chooser chooser;
    double pages_per_second; /* 0 = unlimited */
    atomic_ullong written;
    uint64_t table_sum; /* sum of table_entry() over its pages */
} __attribute__((aligned(ALONE_BYTES)));

static struct page *pages;
static uint32_t *generations;
static uint64_t page_count;
static struct writer writers[THREADS_MAX];
static unsigned thread_count;
static int open_loop;
static atomic_int loading;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t at)
{
    const struct timespec until = {.tv_sec = (time_t)(at / 1000000000U), .tv_nsec = (long)(at % 1000000000U)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static uint64_t table_entry(uint64_t index, uint32_t generation)
{
    return mix(index + ((uint64_t)generation << 32) + 1);
}

static void write_pages(struct writer *writer, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t index = writer->first + chooser_next(&writer->chooser);
        uint32_t generation = generations[index] + 1;

        page_write(&pages[index], index, generation);
        writer->table_sum += table_entry(index, generation) - table_entry(index, generation - 1);
        generations[index] = generation;
        atomic_fetch_add_explicit(&writer->written, 1, memory_order_relaxed);
        if (i % WRITES_BETWEEN_LOOKS == 0 && !atomic_load_explicit(&loading, memory_order_relaxed)) {
            return;
        }
    }
}

static void write_unlimited(struct writer *writer)
{
    while (loading) {
        write_pages(writer, 1024);
    }
}

/* Open loop: what is due is counted from the start of the load, so that a stall is made up for. */
static void write_on_schedule(struct writer *writer)
{
    uint64_t start = now_ns();
    uint64_t done = 0;

    for (uint64_t slot = 1; loading; slot++) {
        uint64_t due = (uint64_t)((double)(slot * SLOT_NS) * 1e-9 * writer->pages_per_second);

        sleep_until(start + slot * SLOT_NS);
        write_pages(writer, due - done);
        done = due;
    }
}

/* Closed loop: the next slot begins when the last one's work is done and its time is over; nothing is made up for. */
static void write_then_wait(struct writer *writer)
{
    double due = 0;

    while (loading) {
        uint64_t start = now_ns();

        due += (double)SLOT_NS * 1e-9 * writer->pages_per_second;
        write_pages(writer, (uint64_t)due);
        due -= (double)(uint64_t)due;
        sleep_until(start + SLOT_NS);
    }
}

static void *write_load(void *argument)
{
    struct writer *writer = argument;

    if (writer->pages_per_second == 0) {
        write_unlimited(writer);
    } else if (open_loop) {
        write_on_schedule(writer);
    } else {
        write_then_wait(writer);
    }
    return NULL;
}

static uint64_t written(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < thread_count; i++) {
        sum += writers[i].written;
    }
    return sum;
}

static void *report_progress(void *unused)
{
    (void)unused;
    for (;;) {
        const struct timespec pause = {.tv_nsec = PROGRESS_NS};

        printf("progress %llu\n", (unsigned long long)written());
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void give_up(const char *why)
{
    printf("error %s\n", why);
    exit(1);
}

static void start(void)
{
    loading = 1;
    for (unsigned i = 0; i < thread_count; i++) {
        if (pthread_create(&writers[i].thread, NULL, write_load, &writers[i]) != 0) {
            give_up("cannot start a thread");
        }
    }
}

static void stop(void)
{
    if (loading) {
        loading = 0;
        for (unsigned i = 0; i < thread_count; i++) {
            pthread_join(writers[i].thread, NULL);
        }
    }
    printf("progress %llu\nstopped\n", (unsigned long long)written());
}

/* Whether the table of generations is itself intact: by its checksum and by its sum. */
static int table_intact(void)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < thread_count; i++) {
        const struct writer *writer = &writers[i];
        uint64_t sum = 0;

        for (uint64_t page = writer->first; page < writer->first + writer->count; page++) {
            sum += table_entry(page, generations[page]);
            total += generations[page];
        }
        if (sum != writer->table_sum) {
            return 0;
        }
    }
    return total == written();
}

static void verify(void)
{
    uint64_t damaged = 0;
    uint64_t first_page = 0;
    long first_offset = 0;

    if (!table_intact()) {
        printf("damaged the table of page generations does not agree with its checksum\n");
        return;
    }
    for (uint64_t index = 0; index < page_count; index++) {
        long offset = page_damage(&pages[index], index, generations[index]);

        if (offset >= 0 && damaged++ == 0) {
            first_page = index;
            first_offset = offset;
        }
    }
    if (damaged == 0) {
        printf("intact %llu pages, %llu writes\n", (unsigned long long)page_count, (unsigned long long)written());
    } else {
        printf("damaged %llu of %llu pages; the first is page %llu at byte %ld (generation %llu, should be %lu)\n",
               (unsigned long long)damaged, (unsigned long long)page_count, (unsigned long long)first_page,
               first_offset, (unsigned long long)pages[first_page].generation,
               (unsigned long)generations[first_page]);
    }
}

static unsigned choice(const char *word, const char *const names[], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(word, names[i]) == 0) {
            return i;
        }
    }
    give_up("unknown word in an argument");
    return 0;
}

static void *allocate(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        give_up("not enough memory for the working set");
    }
    return memory;
}

static void set_up(char *const argv[])
{
    static const char *const patterns[] = {"sequential", "random", "hot-cold", "zipf"};
    static const char *const contents[] = {"zero", "text", "random"};
    static const char *const loops[] = {"closed", "open"};
    double rate = strcmp(argv[2], "unlimited") == 0 ? 0 : strtod(argv[2], NULL);
    unsigned pattern = choice(argv[3], patterns, 4);
    size_t bytes_per_page = strtoul(argv[4], NULL, 10);

    page_count = strtoull(argv[1], NULL, 10) / PAGE_BYTES;
    thread_count = (unsigned)strtoul(argv[6], NULL, 10);
    open_loop = (int)choice(argv[7], loops, 2);
    if (thread_count < 1 || thread_count > THREADS_MAX || page_count < thread_count) {
        give_up("too few pages for the threads, or too many threads");
    }
    if (bytes_per_page < HEADER_BYTES + 8 || bytes_per_page > PAGE_BYTES) {
        give_up("bytes-per-page must be 40 to 4096");
    }
    page_setup((enum content)choice(argv[5], contents, 3), bytes_per_page - HEADER_BYTES);
    pages = allocate(page_count * PAGE_BYTES);
    generations = allocate(page_count * sizeof *generations);
    for (unsigned i = 0; i < thread_count; i++) {
        struct writer *writer = &writers[i];

        writer->first = page_count * i / thread_count;
        writer->count = page_count * (i + 1) / thread_count - writer->first;
        writer->pages_per_second = rate / PAGE_BYTES / thread_count;
        chooser_setup(&writer->chooser, (enum pattern)pattern, writer->count, mix(i + 1));
        for (uint64_t page = writer->first; page < writer->first + writer->count; page++) {
            page_create(&pages[page], page);
            generations[page] = 0;
            writer->table_sum += table_entry(page, 0);
        }
    }
}

int main(int argc, char *argv[])
{
    char line[64];
    pthread_t reporter;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 8) {
        give_up("expected seven arguments");
    }
    set_up(argv);
    if (pthread_create(&reporter, NULL, report_progress, NULL) != 0) {
        give_up("cannot start a thread");
    }
    puts("ready");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "start\n") == 0) {
            start();
        } else if (strcmp(line, "stop\n") == 0) {
            stop();
        } else if (strcmp(line, "verify\n") == 0) {
            verify();
        }
    }
    return 0;
}
