/* Which page of a thread's part of the working set is written next. */
#ifndef MIGBENCH_PATTERN_H
#define MIGBENCH_PATTERN_H

#include <stdint.h>

enum pattern { PATTERN_SEQUENTIAL, PATTERN_RANDOM, PATTERN_HOT_COLD, PATTERN_ZIPF };

struct chooser {
    enum pattern pattern;
    uint64_t pages; /* > 0 */
    uint64_t state; /* of the random numbers, or the next page */
    uint64_t stride; /* of zipf: spreads the popular pages over the working set */
    double zeta;
    double eta;
    double alpha;
    double second; /* probability threshold of rank 1 */
};

void chooser_setup(struct chooser *chooser, enum pattern pattern, uint64_t pages, uint64_t seed);
uint64_t chooser_next(struct chooser *chooser);

#endif
