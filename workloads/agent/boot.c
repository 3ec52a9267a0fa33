/*
 * The guest's first program (/init of the initramfs): loads the few kernel modules the image ships, puts a tmpfs
 * over the read-only squashfs root, frees the initramfs, brings the network up and becomes the agent.
 *
 * Any failure is printed on the console and ends the boot; with panic=-1 the guest then reboots, and QEMU (started
 * with -no-reboot) exits.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AGENT "/usr/lib/migbench/agent"

static void fail(const char *what)
{
    printf("migbench: boot failed: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    exit(1);
}

static void mount_at(const char *source, const char *target, const char *type, unsigned long flags,
                     const char *options)
{
    mkdir(target, 0755);
    if (mount(source, target, type, flags, options) != 0) {
        fail(target);
    }
}

/* Loads /modules/<name> for each line of /modules/order: the image's builder has sorted them by dependency. */
static void load_modules(void)
{
    FILE *order = fopen("/modules/order", "r");
    char name[128];

    if (order == NULL) {
        fail("/modules/order");
    }
    while (fgets(name, sizeof name, order) != NULL) {
        char path[160];
        int file;

        name[strcspn(name, "\n")] = '\0';
        snprintf(path, sizeof path, "/modules/%s", name);
        file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0 || (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST)) {
            fail(path);
        }
        close(file);
        unlink(path);
    }
    fclose(order);
    unlink("/modules/order");
}

/* Mounts the root disk as soon as its driver has found it. */
static void mount_root_disk(void)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};

    mkdir("/lower", 0755);
    for (int tries = 0; mount("/dev/vda", "/lower", "squashfs", MS_RDONLY, "") != 0; tries++) {
        if (tries == 2000) {
            fail("/dev/vda");
        }
        nanosleep(&pause, NULL);
    }
}

static void switch_root(void)
{
    mount_root_disk();
    mount_at("tmpfs", "/rw", "tmpfs", 0, "mode=0755,size=90%");
    mkdir("/rw/upper", 0755);
    mkdir("/rw/work", 0755);
    mount_at("overlay", "/root", "overlay", 0,
             "lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work");
    mount_at("devtmpfs", "/root/dev", "devtmpfs", 0, "mode=0755");
    mount_at("proc", "/root/proc", "proc", 0, "");
    mount_at("sysfs", "/root/sys", "sysfs", 0, "");
    mount_at("tmpfs", "/root/run", "tmpfs", 0, "mode=0755");
    mount_at("tmpfs", "/root/tmp", "tmpfs", 0, "mode=1777,size=90%");
    mount_at("tmpfs", "/root/dev/shm", "tmpfs", 0, "mode=1777");
    umount2("/dev", MNT_DETACH);
    unlink("/init"); /* the rest of the initramfs is already gone */
    if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 ||
        chdir("/") != 0) {
        fail("switch to the root file system");
    }
}

/* Copies the value of NAME=value on the kernel command line; returns 0 where it is absent. */
static int kernel_option(const char *name, char *value, size_t size)
{
    static char line[4096];
    FILE *file = fopen("/proc/cmdline", "r");
    size_t length = strlen(name);

    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        fail("/proc/cmdline");
    }
    fclose(file);
    for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n")) {
        if (strncmp(word, name, length) == 0 && word[length] == '=') {
            snprintf(value, size, "%s", word + length + 1);
            return 1;
        }
    }
    return 0;
}

static void set_address(struct sockaddr *target, in_addr_t address)
{
    struct sockaddr_in *internet = (struct sockaddr_in *)(void *)target;

    memset(internet, 0, sizeof *internet);
    internet->sin_family = AF_INET;
    internet->sin_addr.s_addr = address;
}

/* Waits for the interface: the driver of the network card may still be probing. */
static void interface_up(int socket_fd, const char *name)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    for (int tries = 0; ioctl(socket_fd, SIOCGIFFLAGS, &request) != 0; tries++) {
        if (tries == 400) {
            fail(name);
        }
        nanosleep(&pause, NULL);
    }
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    if (ioctl(socket_fd, SIOCSIFFLAGS, &request) != 0) {
        fail(name);
    }
}

static void configure_network(void)
{
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "eth0"};
    struct rtentry route = {0};
    char text[64];
    char *slash;

    if (socket_fd < 0) {
        fail("socket");
    }
    interface_up(socket_fd, "lo");
    if (!kernel_option("migbench.address", text, sizeof text)) {
        return; /* a guest without a network: good for looking at the console only */
    }
    slash = strchr(text, '/');
    if (slash == NULL) {
        errno = EINVAL;
        fail("migbench.address");
    }
    *slash = '\0';
    interface_up(socket_fd, "eth0");
    set_address(&request.ifr_addr, inet_addr(text));
    if (ioctl(socket_fd, SIOCSIFADDR, &request) != 0) {
        fail("migbench.address");
    }
    set_address(&request.ifr_netmask, htonl(~0U << (32 - atoi(slash + 1))));
    if (ioctl(socket_fd, SIOCSIFNETMASK, &request) != 0) {
        fail("migbench.address");
    }
    if (kernel_option("migbench.gateway", text, sizeof text)) {
        set_address(&route.rt_gateway, inet_addr(text));
        set_address(&route.rt_dst, INADDR_ANY);
        set_address(&route.rt_genmask, INADDR_ANY);
        route.rt_flags = RTF_UP | RTF_GATEWAY;
        if (ioctl(socket_fd, SIOCADDRT, &route) != 0) {
            fail("migbench.gateway");
        }
    }
    close(socket_fd);
}

/*
 * Overwrites what the boot has left behind in free memory (the packed kernel, the initramfs) by taking nearly all of
 * it, which the kernel hands out zeroed, and giving it back. A small guest then has half as many pages to send, and
 * the same ones each time. A large one is left alone: there the rest would not be noticed, and the host would have to
 * find real memory for all of it.
 */
static void sweep_free_memory(void)
{
    const size_t spare = 24UL * 1024 * 1024;
    struct sysinfo memory;
    size_t size;
    pid_t child;

    if (sysinfo(&memory) != 0 || memory.totalram > 1024UL * 1024 * 1024 || memory.freeram < 2 * spare) {
        return;
    }
    size = memory.freeram - spare;
    child = fork();
    if (child == 0) {
        void *taken = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

        _exit(taken == MAP_FAILED);
    }
    if (child > 0) {
        waitpid(child, NULL, 0);
    }
}

int main(void)
{
    char collector[64] = "";

    mount_at("devtmpfs", "/dev", "devtmpfs", 0, "mode=0755");
    load_modules();
    switch_root();
    sweep_free_memory();
    sethostname("guest", 5);
    configure_network();
    kernel_option("migbench.collector", collector, sizeof collector);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/root", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    execl(AGENT, AGENT, collector, (char *)NULL);
    fail(AGENT);
}
