/* The content of a page: see page.h. */
#include <string.h>

#include "page.h"

#define MAGIC 0x3167705362694dULL /* "MibSpg1" in memory */

/* Bodies are cut out of this pool at a place that depends on page and generation. */
enum { POOL_BYTES = 64 * 1024 };
static uint8_t pool[POOL_BYTES + BODY_BYTES] __attribute__((aligned(64)));
static enum content kind;
static size_t edit;
static uint64_t slots;

/* The finalizer of splitmix64. */
uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

/* Text in the sense of compressors: words in no order, which zstd and zlib shrink to a quarter or so. */
static void fill_with_text(void)
{
    static const char *const words[] = {
        "the",     "guest",   "memory",  "page",   "of",     "a",       "request", "server", "customer", "order",
        "account", "balance", "session", "cache",  "value",  "key",     "index",   "table",  "row",      "column",
        "update",  "insert",  "select",  "commit", "and",    "in",      "is",      "status", "pending",  "active",
        "error",   "warning", "message", "time",   "date",   "user",    "name",    "address", "street",  "city",
        "true",    "false",   "null",    "item",   "price",  "total",   "count",   "number",  "type",    "string",
    };
    size_t at = 0;

    for (uint64_t i = 1; at < sizeof pool; i++) {
        const char *word = words[mix(i) % (sizeof words / sizeof words[0])];

        for (; *word != '\0' && at < sizeof pool; word++) {
            pool[at++] = (uint8_t)*word;
        }
        if (at < sizeof pool) {
            pool[at++] = mix(i) >> 60 == 0 ? '\n' : ' ';
        }
    }
}

void page_setup(enum content content, size_t edit_bytes)
{
    kind = content;
    edit = edit_bytes;
    slots = (BODY_BYTES + edit_bytes - 1) / edit_bytes;
    if (kind == CONTENT_TEXT) {
        fill_with_text();
    } else if (kind == CONTENT_RANDOM) {
        for (size_t i = 0; i < sizeof pool; i += 8) {
            uint64_t value = mix(i + 1);

            memcpy(pool + i, &value, 8);
        }
    }
}

static size_t slot_length(uint64_t slot)
{
    size_t offset = slot * edit;

    return offset + edit <= BODY_BYTES ? edit : BODY_BYTES - offset;
}

/* What generation `generation` of page `index` puts into a slot: `length` bytes. */
static void fill(uint8_t *to, uint64_t index, uint64_t generation, size_t length)
{
    uint64_t key = mix(mix(index + 1) + generation);
    const uint8_t *from = pool + key % POOL_BYTES / 8 * 8;
    size_t whole = length / 8 * 8;

    if (kind != CONTENT_RANDOM) {
        memcpy(to, from, length); /* the pool of `zero` is all zero */
        return;
    }
    for (size_t i = 0; i < whole; i += 8) { /* another key each time, or a compressor would find the pool again */
        uint64_t value;

        memcpy(&value, from + i, 8);
        value ^= key;
        memcpy(to + i, &value, 8);
    }
    for (size_t i = whole; i < length; i++) {
        to[i] = (uint8_t)(from[i] ^ (key >> (i % 8 * 8)));
    }
}

static void write_header(struct page *page, uint64_t index, uint64_t generation)
{
    page->magic = MAGIC;
    page->index = index;
    page->generation = generation;
    page->check = mix(MAGIC + mix(index + mix(generation)));
}

void page_create(struct page *page, uint64_t index)
{
    for (uint64_t slot = 0; slot < slots; slot++) {
        fill(page->body + slot * edit, index, 0, slot_length(slot));
    }
    write_header(page, index, 0);
}

void page_write(struct page *page, uint64_t index, uint64_t generation)
{
    uint64_t slot = generation % slots;

    fill(page->body + slot * edit, index, generation, slot_length(slot));
    write_header(page, index, generation);
}

long page_damage(const struct page *page, uint64_t index, uint64_t generation)
{
    struct page expected;
    const uint8_t *is = (const uint8_t *)page;
    const uint8_t *should = (const uint8_t *)&expected;

    for (uint64_t slot = 0; slot < slots; slot++) {
        uint64_t back = (generation + slots - slot) % slots; /* generations since this slot's turn */
        uint64_t written = generation >= back ? generation - back : 0;

        fill(expected.body + slot * edit, index, written, slot_length(slot));
    }
    write_header(&expected, index, generation);
    if (memcmp(page, &expected, PAGE_BYTES) == 0) {
        return -1;
    }
    for (long i = 0; i < PAGE_BYTES; i++) {
        if (is[i] != should[i]) {
            return i;
        }
    }
    return -1;
}
