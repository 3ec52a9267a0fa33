/*
 * A guest without an operating system that writes pages for ever and keeps books of it: which page has which number.
 * The books and the pages must agree wherever the guest is stopped, but for the page that is being written.
 *
 *     cc -m32 -O1 -ffreestanding -fno-pie -fno-stack-protector -nostdlib -static -Wl,-Ttext=0x100000,--build-id=none \
 *        -o guest guest.c          a multiboot kernel for `qemu -kernel`
 *
 * Layout of its memory, all little-endian: at BOOK a `struct book`; at PAGES the pages, each with its number in the
 * first word and the inverted number in the last.
 */
typedef unsigned int u32;

#define PAGE_COUNT 16384u
#define PAGE_WORDS 1024u
/* Loops between two writes. */
#define PAUSE 10000u

struct book {
    u32 magic; /* "BOOK" once it runs */
    u32 writes;
    u32 current; /* the page that is being written */
    u32 reserved;
    u32 number[PAGE_COUNT];
};

#define BOOK ((volatile struct book *)0x00400000)
#define PAGES ((volatile u32 *)0x01000000)

__attribute__((section(".text.start"), used, aligned(4))) static const u32 multiboot[] = {
    0x1badb002, 0, 0u - 0x1badb002,
};

static void run(void)
{
    u32 page = 0;

    for (u32 write = 1;; write++) {
        /* A full period over all pages (a ≡ 1 mod 4, c odd), in an order that looks random. */
        page = (page * 1664525u + 1013904223u) & (PAGE_COUNT - 1);
        BOOK->current = page;
        BOOK->writes = write;
        BOOK->number[page] = write;
        PAGES[page * PAGE_WORDS] = write;
        PAGES[page * PAGE_WORDS + PAGE_WORDS - 1] = ~write;
        BOOK->magic = 0x4b4f4f42;
        for (volatile u32 pause = 0; pause < PAUSE; pause++)
            ;
    }
}

__attribute__((naked, noreturn)) void _start(void)
{
    __asm__("mov $0x00300000, %%esp\n\tcall *%0" : : "r"(run));
}
