/*
 * Access patterns. hot-cold: nine of ten writes go to the first tenth of the pages, the others to the rest.
 * zipf: popularity falls with rank to the power of 0.99, as in YCSB, by the method of Gray et al., "Quickly
 * generating billion-record synthetic databases" (SIGMOD 1994).
 */
#include <math.h>

#include "page.h"
#include "pattern.h"

#define THETA 0.99
#define EXACT_TERMS 10000

/* The sum of 1/i^THETA for i = 1 … n; past EXACT_TERMS by the integral (midpoint rule), wrong by less than 1e-6. */
static double zeta(uint64_t n)
{
    double sum = 0;
    uint64_t exact = n < EXACT_TERMS ? n : EXACT_TERMS;

    for (uint64_t i = 1; i <= exact; i++) {
        sum += pow((double)i, -THETA);
    }
    if (n > exact) {
        sum += (pow((double)n + 0.5, 1 - THETA) - pow((double)exact + 0.5, 1 - THETA)) / (1 - THETA);
    }
    return sum;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static uint64_t random_number(struct chooser *chooser)
{
    chooser->state += 0x9e3779b97f4a7c15ULL;
    return mix(chooser->state);
}

static uint64_t random_below(struct chooser *chooser, uint64_t limit)
{
    return (uint64_t)(((unsigned __int128)random_number(chooser) * limit) >> 64);
}

void chooser_setup(struct chooser *chooser, enum pattern pattern, uint64_t pages, uint64_t seed)
{
    *chooser = (struct chooser){.pattern = pattern, .pages = pages, .state = seed};
    if (pattern == PATTERN_SEQUENTIAL) {
        chooser->state = 0;
    }
    if (pattern == PATTERN_ZIPF) {
        chooser->stride = (uint64_t)((double)pages * 0.6180339887) | 1;
        while (greatest_common_divisor(chooser->stride, pages) != 1) {
            chooser->stride += 2;
        }
        chooser->zeta = zeta(pages);
        chooser->alpha = 1 / (1 - THETA);
        chooser->second = 1 + pow(0.5, THETA);
        chooser->eta = (1 - pow(2.0 / (double)pages, 1 - THETA)) / (1 - zeta(2) / chooser->zeta);
    }
}

static uint64_t zipf_rank(struct chooser *chooser)
{
    double uniform = (double)(random_number(chooser) >> 11) * 0x1p-53;
    double scaled = uniform * chooser->zeta;
    uint64_t rank;

    if (scaled < 1) {
        return 0;
    }
    if (scaled < chooser->second) {
        return 1;
    }
    rank = (uint64_t)((double)chooser->pages * pow(chooser->eta * uniform - chooser->eta + 1, chooser->alpha));
    return rank < chooser->pages ? rank : chooser->pages - 1;
}

uint64_t chooser_next(struct chooser *chooser)
{
    uint64_t hot = (chooser->pages + 9) / 10;

    switch (chooser->pattern) {
    case PATTERN_SEQUENTIAL:
        return chooser->state++ % chooser->pages;
    case PATTERN_RANDOM:
        return random_below(chooser, chooser->pages);
    case PATTERN_HOT_COLD:
        if (hot == chooser->pages || random_below(chooser, 10) != 0) {
            return random_below(chooser, hot);
        }
        return hot + random_below(chooser, chooser->pages - hot);
    case PATTERN_ZIPF:
    default:
        return zipf_rank(chooser) % chooser->pages * chooser->stride % chooser->pages;
    }
}
