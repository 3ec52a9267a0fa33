/*
 * The guest agent, process 1 of the guest: one UDP socket, one loop. It starts the workload program on request,
 * sends samples of its progress, and obeys the commands of the host's collector (PROTOCOL.md).
 *
 * It runs with a real-time priority, because a sample that waits behind a busy workload would look like a slow
 * workload, and locked in memory, because one that waits for its own page would look like a pause; it is small and
 * asleep nearly always, so neither is felt by the workload.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

/* A sample goes out with each progress line, but not more often than this; without one, after SAMPLE_PERIOD. */
#define SAMPLE_GAP_NS (20ULL * 1000 * 1000)
#define SAMPLE_PERIOD_NS (80ULL * 1000 * 1000)

/* Answers are remembered, so that a command that is sent again is answered again and not done again. */
enum { REMEMBERED = 32 };
static struct answer {
    uint64_t id;
    int length;
    char text[DATAGRAM_MAX];
} answers[REMEMBERED];
static unsigned next_answer;

static int socket_fd;
static struct sockaddr_in collector; /* where the host was last heard, or the kernel command line's word for it */
static uint32_t session;             /* 0 = the host has not said one yet */
static uint64_t sequence;
static uint64_t last_sample_ns;
static char boot_id[40] = "unknown";

uint64_t clock_ns(int clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* A datagram that cannot be sent now (no route yet, no room) is lost like any other. */
static void send_text(const char *text, int length)
{
    if (collector.sin_port != 0) {
        sendto(socket_fd, text, (size_t)length, MSG_DONTWAIT, (struct sockaddr *)&collector, sizeof collector);
    }
}

static struct answer *find_answer(uint64_t id)
{
    for (unsigned i = 0; i < REMEMBERED; i++) {
        if (answers[i].id == id && answers[i].length > 0) {
            return &answers[i];
        }
    }
    return NULL;
}

void reply(uint64_t id, const char *status, const char *format, ...)
{
    struct answer *answer = find_answer(id);
    va_list arguments;
    int length;

    if (answer == NULL) {
        answer = &answers[next_answer++ % REMEMBERED];
    }
    answer->id = id;
    length = snprintf(answer->text, sizeof answer->text, "reply %llu %s ", (unsigned long long)id, status);
    va_start(arguments, format);
    length += vsnprintf(answer->text + length, sizeof answer->text - (size_t)length, format, arguments);
    va_end(arguments);
    answer->length = length < DATAGRAM_MAX ? length : DATAGRAM_MAX - 1;
    send_text(answer->text, answer->length);
}

static const char *state_name(void)
{
    static const char *const names[] = {"none",     "starting",  "ready",  "running",
                                        "stopping", "verifying", "failed", "exited"};

    return names[program_state];
}

void send_sample(void)
{
    char text[512];
    int length;

    last_sample_ns = clock_ns(CLOCK_MONOTONIC);
    if (session == 0) {
        length = snprintf(text, sizeof text, "hello 1 %s", boot_id);
    } else {
        length = snprintf(text, sizeof text, "sample %u %llu %llu %llu %s %llu %s", session,
                          (unsigned long long)sequence++, (unsigned long long)last_sample_ns,
                          (unsigned long long)clock_ns(CLOCK_REALTIME), state_name(),
                          (unsigned long long)program_progress, program_text);
    }
    send_text(text, length);
}

/* Starts a program with ordinary scheduling; returns -1 where there can be no new process. */
pid_t spawn(char *const argv[], int input, int output, int error)
{
    pid_t pid = fork();

    if (pid == 0) {
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setsid();
        dup2(input, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(error, STDERR_FILENO);
        execvp(argv[0], argv);
        dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    return pid;
}

static int hexadecimal(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Undoes percent-encoding in place (%00, which stands for an empty argument, ends the string). */
static void decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] == '%' && hexadecimal(from[1]) >= 0 && hexadecimal(from[2]) >= 0) {
            *to++ = (char)(hexadecimal(from[1]) << 4 | hexadecimal(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void obey(uint64_t id, char *argv[])
{
    const char *verb = argv[0];
    char *const *arguments = argv + 1;

    if (strcmp(verb, "ping") == 0) {
        reply(id, "ok", "%s", boot_id);
    } else if (strcmp(verb, "session") == 0 && arguments[0] != NULL) {
        session = (uint32_t)strtoul(arguments[0], NULL, 10);
        reply(id, "ok", "%s", boot_id);
        send_sample();
    } else if (strcmp(verb, "start") == 0 && arguments[0] != NULL) {
        program_start(id, arguments);
    } else if (strcmp(verb, "load-start") == 0) {
        program_tell(id, "start", PROGRAM_READY, PROGRAM_RUNNING, 0);
    } else if (strcmp(verb, "load-stop") == 0) {
        program_tell(id, "stop", PROGRAM_RUNNING, PROGRAM_STOPPING, 1);
    } else if (strcmp(verb, "verify") == 0) {
        program_tell(id, "verify", PROGRAM_READY, PROGRAM_VERIFYING, 1);
    } else if (strcmp(verb, "run") == 0 && arguments[0] != NULL) {
        run_start(id, arguments);
    } else if (strcmp(verb, "heartbeat") == 0) {
        heartbeat_set(id, &collector, session, arguments);
    } else if (strcmp(verb, "clock") == 0) {
        reply(id, "ok", "%llu %llu", (unsigned long long)clock_ns(CLOCK_MONOTONIC),
              (unsigned long long)clock_ns(CLOCK_REALTIME));
    } else if (strcmp(verb, "poweroff") == 0) {
        reply(id, "ok", "bye");
        sync();
        reboot(RB_POWER_OFF);
    } else {
        reply(id, "error", "the agent has no command \"%.64s\" with these arguments", verb);
    }
}

/* One datagram: `command ID VERB ARGUMENT…`; anything else is ignored. */
static void receive(void)
{
    static char text[DATAGRAM_MAX + 1];
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    ssize_t length = recvfrom(socket_fd, text, DATAGRAM_MAX, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
    char *argv[ARGUMENTS_MAX + 1];
    int count = 0;
    char *rest = NULL;
    char *end = NULL;
    struct answer *answer;
    uint64_t id;

    if (length <= 0) {
        return;
    }
    text[length] = '\0';
    if (strncmp(text, "command ", 8) != 0) {
        return;
    }
    id = strtoull(text + 8, &end, 10);
    if (id == 0 || *end != ' ') {
        return;
    }
    collector = from;
    answer = find_answer(id);
    if (answer != NULL) {
        send_text(answer->text, answer->length);
        return;
    }
    for (char *word = strtok_r(end, " ", &rest); word != NULL && count < ARGUMENTS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        decode(word);
        argv[count++] = word;
    }
    argv[count] = NULL;
    if (count > 0) {
        obey(id, argv);
    }
}

/* Process 1 inherits every orphan: wait for all of them, and tell those that anyone asks after. */
static void reap(int signal_fd)
{
    struct signalfd_siginfo information;
    int status;
    pid_t pid;

    if (read(signal_fd, &information, sizeof information) < 0 && errno != EAGAIN) {
        return;
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        program_exited(pid, status);
        run_exited(pid, status);
    }
}

static int open_signals(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void open_socket(const char *address)
{
    const struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(AGENT_PORT)};
    const char *colon = strrchr(address, ':');
    char host[32] = "";

    socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0 || bind(socket_fd, (const struct sockaddr *)&local, sizeof local) != 0) {
        perror("migbench: agent: socket");
    }
    if (colon != NULL && (size_t)(colon - address) < sizeof host) {
        memcpy(host, address, (size_t)(colon - address));
        collector.sin_family = AF_INET;
        collector.sin_addr.s_addr = inet_addr(host);
        collector.sin_port = htons((uint16_t)atoi(colon + 1));
    }
}

static void read_boot_id(void)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (file != NULL) {
        if (fgets(boot_id, sizeof boot_id, file) != NULL) {
            boot_id[strcspn(boot_id, "\n")] = '\0';
        }
        fclose(file);
    }
}

int main(int argc, char *argv[])
{
    const struct sched_param priority = {.sched_priority = 10};
    int signal_fd = open_signals();

    open_socket(argc > 1 ? argv[1] : "");
    read_boot_id();
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
    mlockall(MCL_CURRENT);
    for (;;) {
        struct pollfd polled[] = {
            {.fd = socket_fd, .events = POLLIN},
            {.fd = signal_fd, .events = POLLIN},
            {.fd = program_descriptor(), .events = POLLIN},
            {.fd = run_descriptor(), .events = POLLIN},
        };
        uint64_t progress = program_progress;
        enum program_state state = program_state;
        uint64_t elapsed = clock_ns(CLOCK_MONOTONIC) - last_sample_ns;
        const struct timespec wait = {
            .tv_nsec = elapsed < SAMPLE_PERIOD_NS ? (long)(SAMPLE_PERIOD_NS - elapsed) : 0};

        ppoll(polled, 4, &wait, NULL);
        if (polled[0].revents != 0) {
            receive();
        }
        if (polled[2].revents != 0) {
            program_readable();
        }
        if (polled[3].revents != 0) {
            run_readable();
        }
        if (polled[1].revents != 0) {
            reap(signal_fd);
        }
        elapsed = clock_ns(CLOCK_MONOTONIC) - last_sample_ns;
        if (elapsed >= SAMPLE_PERIOD_NS || state != program_state ||
            (progress != program_progress && elapsed >= SAMPLE_GAP_NS)) {
            send_sample();
        }
    }
}
