/* Where the writers of memory-stress are in memory: the distance of two, and how far the first is from 128 bytes. */
#define main memory_stress_main
#include "../../../workloads/memory-stress/memory-stress.c"
#undef main

int main(void)
{
    printf("%zu %zu\n", (size_t)((char *)&writers[1] - (char *)&writers[0]), (size_t)writers % 128);
    return 0;
}
