/*
 * The content of one page of the working set, as a function of the page's index and its generation (how often it was
 * written), so that every byte of it can be told at any time without a copy.
 *
 * A page begins with a header; the body is divided into slots of `edit_bytes`. Generation g rewrites the header and
 * slot g mod slots, so slot s holds what the newest generation g' <= g with g' mod slots = s has put there, or its
 * initial content (generation 0).
 */
#ifndef MIGBENCH_PAGE_H
#define MIGBENCH_PAGE_H

#include <stddef.h>
#include <stdint.h>

enum { PAGE_BYTES = 4096, HEADER_BYTES = 32, BODY_BYTES = PAGE_BYTES - HEADER_BYTES };
enum content { CONTENT_ZERO, CONTENT_TEXT, CONTENT_RANDOM };

struct page {
    uint64_t magic;
    uint64_t index;
    uint64_t generation;
    uint64_t check; /* of the other three */
    uint8_t body[BODY_BYTES];
};

uint64_t mix(uint64_t value);

/* Must be called once before the others. `edit_bytes`: how much of the body a generation rewrites, 8 … BODY_BYTES. */
void page_setup(enum content content, size_t edit_bytes);

/* Writes the whole page in generation 0. */
void page_create(struct page *page, uint64_t index);

/* Makes generation `generation` of a page that is in the one before it. */
void page_write(struct page *page, uint64_t index, uint64_t generation);

/* Returns -1 where the page is exactly as it should be, else the offset of the first byte that is not. */
long page_damage(const struct page *page, uint64_t index, uint64_t generation);

#endif
