/*
 * Reads a running guest's memory through the shared file behind it, and tells which pages have changed between two
 * readings. It takes snapshots (a 32-bit hash of every page) on a schedule and compares them afterwards, so that a
 * dozen windows of all lengths come out of one series of readings.
 *
 * Memory is read in chunks, and each snapshot reads them in the same order at the same pace: a page has the same time
 * between its two readings as every other, although a reading as a whole takes longer than a short window. What the
 * times really were is kept for every chunk. Holes of the file are not touched: reading one would give it memory.
 *
 *     ram-reader FILE BYTES SPREAD      SPREAD: a reading is spread over so many times the time that it takes
 *
 * Commands on standard input, one a line; answers on standard output:
 *
 *     scan                     →  scan NANOSECONDS DATA-PAGES ZERO-PAGES      (one reading as fast as it goes)
 *     read OFFSET-MS …         →  snapshot INDEX AT-NS LATE-NS NONZERO-PAGES HELD-PAGES CPU-NS   for each, then: done
 *     compare A B              →  compare A B CHANGED-PAGES WINDOW-NS UNEVEN-NS   (mean over chunks, mean deviation)
 *     tails                    →  tails NONZERO-PAGES …     (of the last 1, 2, 4, … MiB, up to all, in the last reading)
 *     sample PAGES FILE        →  sample PAGES                        (non-zero pages, drawn evenly, one after another)
 *     delta A B MS PAGES FILE  →  delta SAMPLED CHANGED ENCODED-BYTES OVERFLOWS CHANGED-BYTES WINDOW-NS
 *                                 (pages that differ in A and B, copied, and compared after MS; FILE gets the changed)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, CHUNK_PAGES = 512, MAX_READINGS = 4096, LINE = 65536 };

/* Pages of the file that hold data. */
struct extent {
    size_t from, to;
};

struct snapshot {
    struct extent extent; /* around the page that was read last */
    uint32_t *hashes;   /* 0: a page of zeros */
    int64_t *chunk_ns;  /* when each chunk was read */
    int64_t start_ns;   /* when it was due */
    size_t next_chunk;
    int64_t late_ns;    /* by how much the latest chunk was late */
    int64_t cpu_ns;
    size_t nonzero;
};

static const uint8_t *memory;
static int file;
static size_t page_count, chunk_count;
static unsigned spread;
static struct snapshot *snapshots;
static size_t snapshot_count;
static int64_t chunk_cost_ns;

static int64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
    const struct timespec until = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

static void fail(const char *what)
{
    printf("error %s: %s\n", what, strerror(errno));
    fflush(stdout);
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);

    if (memory == NULL)
        fail("no memory for the snapshots");
    return memory;
}

/* Four independent lanes, so that their multiplications overlap. Any one changed word changes its lane for certain. */
static uint32_t hash_page(const uint8_t *page)
{
    const uint64_t factor = 0x9e3779b97f4a7c15ULL;
    uint64_t lanes[4] = {1, 2, 3, 4}, any = 0, word[4], sum;

    for (size_t at = 0; at < PAGE; at += sizeof word) {
        memcpy(word, page + at, sizeof word);
        for (int i = 0; i < 4; i++) {
            any |= word[i];
            lanes[i] = (lanes[i] ^ word[i]) * factor;
            lanes[i] ^= lanes[i] >> 32;
        }
    }
    if (any == 0)
        return 0;
    sum = lanes[0];
    for (int i = 1; i < 4; i++)
        sum = (sum ^ lanes[i]) * factor, sum ^= sum >> 29;
    return (uint32_t)(sum >> 32) | 1;
}

/*
 * Where the data at or after a page begins and ends. Asking for its end goes through all of it, and memory that a guest
 * was given stays given: so each reading keeps the answer until it comes to a page outside of it.
 */
static void find_data(struct extent *extent, size_t page)
{
    off_t data, hole;

    if (page >= extent->from && page < extent->to)
        return;
    data = lseek(file, (off_t)page * PAGE, SEEK_DATA);
    if (data < 0) { /* none; or a file that does not tell: all of it, then */
        extent->from = errno == ENXIO ? page_count : page;
        extent->to = page_count;
        return;
    }
    hole = lseek(file, data, SEEK_HOLE);
    extent->from = (size_t)data / PAGE;
    extent->to = hole < 0 ? page_count : ((size_t)hole + PAGE - 1) / PAGE;
}

/* Hashes of one chunk; gives how many of its pages are not zero. */
static size_t read_chunk(size_t chunk, uint32_t *hashes, struct extent *extent)
{
    size_t page = chunk * CHUNK_PAGES, end = page + CHUNK_PAGES, nonzero = 0;

    if (end > page_count)
        end = page_count;
    while (page < end) {
        size_t from, to;

        find_data(extent, page);
        from = extent->from < page ? page : extent->from > end ? end : extent->from;
        to = extent->to < end ? extent->to : end;
        for (; page < from; page++)
            hashes[page] = 0;
        for (; page < to; page++) {
            hashes[page] = hash_page(memory + page * PAGE);
            nonzero += hashes[page] != 0;
        }
    }
    return nonzero;
}

static size_t held_pages(void)
{
    struct stat status;

    return fstat(file, &status) == 0 ? (size_t)status.st_blocks * 512 / PAGE : 0;
}

static void scan(void)
{
    uint32_t *hashes = allocate(page_count * sizeof *hashes);
    struct extent extent = {0, 0};
    size_t nonzero = 0;
    int64_t started = now(CLOCK_MONOTONIC), took;

    for (size_t chunk = 0; chunk < chunk_count; chunk++)
        nonzero += read_chunk(chunk, hashes, &extent);
    took = now(CLOCK_MONOTONIC) - started;
    chunk_cost_ns = took / (int64_t)chunk_count + 1;
    printf("scan %lld %zu %zu\n", (long long)took, held_pages(), page_count - nonzero);
    free(hashes);
}

static void tell(size_t index)
{
    const struct snapshot *snapshot = &snapshots[index];

    printf("snapshot %zu %lld %lld %zu %zu %lld\n", index, (long long)snapshot->chunk_ns[0],
           (long long)snapshot->late_ns, snapshot->nonzero, held_pages(), (long long)snapshot->cpu_ns);
    fflush(stdout);
}

static void read_on_schedule(char *offsets)
{
    size_t first = snapshot_count, open;
    int64_t start = now(CLOCK_MONOTONIC) + 20000000, pace = chunk_cost_ns * spread;

    for (char *word = strtok(offsets, " \n"); word != NULL; word = strtok(NULL, " \n")) {
        struct snapshot *snapshot;

        if (snapshot_count == MAX_READINGS)
            break;
        snapshot = &snapshots[snapshot_count++];
        snapshot->hashes = allocate(page_count * sizeof *snapshot->hashes);
        snapshot->chunk_ns = allocate(chunk_count * sizeof *snapshot->chunk_ns);
        snapshot->start_ns = start + (int64_t)(strtod(word, NULL) * 1e6);
    }
    for (open = snapshot_count - first; open > 0;) {
        struct snapshot *next = NULL;
        int64_t due = INT64_MAX, cpu;

        for (size_t i = first; i < snapshot_count; i++) {
            struct snapshot *snapshot = &snapshots[i];
            int64_t at = snapshot->start_ns + (int64_t)snapshot->next_chunk * pace;

            if (snapshot->next_chunk < chunk_count && at < due) {
                due = at;
                next = snapshot;
            }
        }
        sleep_until(due);
        cpu = now(CLOCK_THREAD_CPUTIME_ID);
        next->chunk_ns[next->next_chunk] = now(CLOCK_MONOTONIC);
        if (next->chunk_ns[next->next_chunk] - due > next->late_ns)
            next->late_ns = next->chunk_ns[next->next_chunk] - due;
        next->nonzero += read_chunk(next->next_chunk, next->hashes, &next->extent);
        next->cpu_ns += now(CLOCK_THREAD_CPUTIME_ID) - cpu;
        if (++next->next_chunk == chunk_count) {
            open--;
            tell((size_t)(next - snapshots));
        }
    }
    puts("done");
}

static struct snapshot *taken(unsigned long index)
{
    errno = EINVAL;
    if (index >= snapshot_count)
        fail("no such snapshot");
    return &snapshots[index];
}

static void compare(unsigned long a, unsigned long b)
{
    const struct snapshot *one = taken(a), *other = taken(b);
    size_t changed = 0;
    double window = 0, uneven = 0;

    for (size_t page = 0; page < page_count; page++)
        changed += one->hashes[page] != other->hashes[page];
    for (size_t chunk = 0; chunk < chunk_count; chunk++)
        window += (double)(other->chunk_ns[chunk] - one->chunk_ns[chunk]) / (double)chunk_count;
    for (size_t chunk = 0; chunk < chunk_count; chunk++) {
        double off = (double)(other->chunk_ns[chunk] - one->chunk_ns[chunk]) - window;

        uneven += (off < 0 ? -off : off) / (double)chunk_count;
    }
    printf("compare %lu %lu %zu %.0f %.0f\n", a, b, changed, window, uneven);
}

static void tails(void)
{
    const struct snapshot *last = taken(snapshot_count - 1);
    size_t nonzero = 0, done = 0;

    printf("tails");
    for (size_t pages = 256;; pages *= 2) {
        size_t until = pages < page_count ? pages : page_count;

        for (; done < until; done++)
            nonzero += last->hashes[page_count - 1 - done] != 0;
        printf(" %zu", nonzero);
        if (until == page_count)
            break;
    }
    puts("");
}

/* Each of `total` things is taken with the same chance, `wanted` of them in all: Knuth's algorithm S. */
static int drawn(size_t *left, size_t *wanted)
{
    int take = (double)random() / ((double)RAND_MAX + 1) * (double)*left < (double)*wanted;

    (*left)--;
    if (take)
        (*wanted)--;
    return take;
}

static void sample(size_t wanted, const char *path)
{
    const struct snapshot *last = taken(snapshot_count - 1);
    size_t left = last->nonzero, written = 0;
    FILE *out = fopen(path, "w");

    if (out == NULL)
        fail("cannot write the sample");
    for (size_t page = 0; page < page_count && left > 0; page++)
        if (last->hashes[page] != 0 && drawn(&left, &wanted))
            written += fwrite(memory + page * PAGE, PAGE, 1, out);
    if (fclose(out) != 0)
        fail("cannot write the sample");
    printf("sample %zu\n", written);
}

static size_t length_bytes(size_t length)
{
    return length < 128 ? 1 : 2;
}

/*
 * How long a page becomes when only what differs is told: by turns a length of equal and a length of differing bytes,
 * the latter followed by those bytes; lengths take a byte below 128 and two above. Equal bytes at the end are left out.
 */
static size_t encoded_bytes(const uint8_t *before, const uint8_t *after, size_t *changed)
{
    size_t at = 0, bytes = 0;

    while (at < PAGE) {
        size_t from = at, differ;

        while (at < PAGE && before[at] == after[at])
            at++;
        if (at == PAGE)
            break;
        differ = at;
        while (at < PAGE && before[at] != after[at])
            at++;
        *changed += at - differ;
        bytes += length_bytes(differ - from) + length_bytes(at - differ) + (at - differ);
    }
    return bytes;
}

static void delta(unsigned long a, unsigned long b, double ms, size_t wanted, const char *path)
{
    const struct snapshot *one = taken(a), *other = taken(b);
    size_t left = 0, count = 0, changed_pages = 0, encoded = 0, overflows = 0, changed = 0, *pages;
    uint8_t *copies, present[PAGE];
    int64_t copied, window = 0;
    FILE *out = fopen(path, "w");

    if (out == NULL)
        fail("cannot write the sample");
    for (size_t page = 0; page < page_count; page++)
        left += one->hashes[page] != other->hashes[page];
    pages = allocate((wanted + 1) * sizeof *pages);
    copies = allocate((wanted + 1) * PAGE);
    copied = now(CLOCK_MONOTONIC);
    for (size_t page = 0; page < page_count && left > 0; page++)
        if (one->hashes[page] != other->hashes[page] && drawn(&left, &wanted)) {
            memcpy(copies + count * PAGE, memory + page * PAGE, PAGE);
            pages[count++] = page;
        }
    sleep_until(copied + (int64_t)(ms * 1e6));
    window = now(CLOCK_MONOTONIC) - copied;
    for (size_t i = 0; i < count; i++) {
        size_t bytes, differing = 0;

        memcpy(present, memory + pages[i] * PAGE, PAGE);
        if (memcmp(present, copies + i * PAGE, PAGE) == 0)
            continue;
        changed_pages++;
        bytes = encoded_bytes(copies + i * PAGE, present, &differing);
        overflows += bytes >= PAGE;
        encoded += bytes < PAGE ? bytes : PAGE;
        changed += differing;
        if (fwrite(present, PAGE, 1, out) != 1)
            fail("cannot write the sample");
    }
    if (fclose(out) != 0)
        fail("cannot write the sample");
    printf("delta %zu %zu %zu %zu %zu %lld\n", count, changed_pages, encoded, overflows, changed, (long long)window);
    free(pages);
    free(copies);
}

static void obey(char *line)
{
    unsigned long a, b, pages;
    double ms;
    char path[4096];

    if (strcmp(line, "scan\n") == 0)
        scan();
    else if (strncmp(line, "read ", 5) == 0)
        read_on_schedule(line + 5);
    else if (sscanf(line, "compare %lu %lu", &a, &b) == 2)
        compare(a, b);
    else if (strcmp(line, "tails\n") == 0)
        tails();
    else if (sscanf(line, "sample %lu %4095[^\n]", &pages, path) == 2)
        sample(pages, path);
    else if (sscanf(line, "delta %lu %lu %lf %lu %4095[^\n]", &a, &b, &ms, &pages, path) == 5)
        delta(a, b, ms, pages, path);
    else {
        errno = EINVAL;
        fail("unknown command");
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char line[LINE];
    void *mapped;

    if (argc != 4) {
        fprintf(stderr, "usage: ram-reader FILE BYTES SPREAD\n");
        return 2;
    }
    page_count = strtoull(argv[2], NULL, 10) / PAGE;
    chunk_count = (page_count + CHUNK_PAGES - 1) / CHUNK_PAGES;
    spread = (unsigned)strtoul(argv[3], NULL, 10);
    file = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (file < 0 || page_count == 0)
        fail("cannot open the guest's memory");
    mapped = mmap(NULL, page_count * PAGE, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        fail("cannot map the guest's memory");
    memory = mapped;
    snapshots = allocate(MAX_READINGS * sizeof *snapshots);
    /* Being late costs windows; where this user may not, they are fewer. */
    if (setpriority(PRIO_PROCESS, 0, -10) != 0)
        errno = 0;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(line);
    return 0;
}
