/*
 * database: sets up a PostgreSQL server in the guest, lets pgbench load it, and checks the data afterwards. Speaks the
 * line protocol of workloads/types.ts.
 *
 * Usage: database CLIENTS SCALE RATE JOBS DATA (RATE per second or `unlimited`; DATA `tmpfs` or `disk`)
 *
 * Progress is counted by transaction ids: each transaction of pgbench's TPC-B script takes one. pgbench's own count,
 * known when it ends, is part of what verify says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "postgres-client.h"

#define PROGRAMS "/usr/lib/postgresql/15/bin/"
#define HOME "/var/lib/postgresql"
#define DATA HOME "/data"
#define SOCKETS "/run/postgresql"
#define SOCKET SOCKETS "/.s.PGSQL.5432"

enum { UID = 70, PROGRESS_MS = 75, OUTPUT_MAX = 4096 };

static const char settings[] = "listen_addresses = '0.0.0.0'\n"
                               "unix_socket_directories = '" SOCKETS "'\n"
                               "max_connections = 100\n"
                               "shared_buffers = 32MB\n"
                               "huge_pages = off\n"
                               "jit = off\n"
                               "min_wal_size = 32MB\n"
                               "max_wal_size = 96MB\n"
                               "timezone = 'GMT'\n"
                               "log_timezone = 'GMT'\n"
                               "log_min_messages = fatal\n"
                               "log_checkpoints = off\n";

static pid_t server;
static pid_t load;
static int load_output = -1;
static int counter = -1; /* the connection that asks for the count */
static int stopping;
static long long counted;      /* transactions of the loads that have ended */
static long long first_id;     /* transaction id at the start of this load */
static long long by_pgbench;   /* what pgbench said of the loads that have ended */
static char aborted[600];      /* pgbench's words on sessions that ended of an error; empty where none did */

static void on_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            *text = ' ';
        }
    }
}

static void give_up(const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    on_one_line(text);
    printf("error %s\n", text);
    exit(1);
}

static void milliseconds(long count)
{
    const struct timespec pause = {.tv_sec = count / 1000, .tv_nsec = count % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* Starts a program as the database's user; its output goes to `output`. */
static pid_t start_program(char *const argv[], int output)
{
    pid_t pid = fork();

    if (pid < 0) {
        give_up("cannot start a process: %s", strerror(errno));
    }
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);

        dup2(nothing, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        if (chdir(HOME) != 0 || setgroups(0, NULL) != 0 || setgid(UID) != 0 || setuid(UID) != 0) {
            _exit(126);
        }
        setenv("HOME", HOME, 1);
        setenv("TZ", "GMT", 1);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static void read_output(int from, char *text, size_t size)
{
    size_t length = 0;
    char rest[256];
    ssize_t count;

    while ((count = read(from, rest, sizeof rest)) > 0) {
        for (ssize_t i = 0; i < count && length + 1 < size; i++) {
            text[length++] = rest[i];
        }
    }
    text[length] = '\0';
    close(from);
}

/* Runs a program to its end; returns its exit code (or 128) and the head of its output. */
static int run_program(char *const argv[], char *text, size_t size)
{
    int pipes[2];
    int status;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) != 0) {
        give_up("cannot make a pipe: %s", strerror(errno));
    }
    pid = start_program(argv, pipes[1]);
    close(pipes[1]);
    read_output(pipes[0], text, size);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void must_run(char *const argv[])
{
    char text[OUTPUT_MAX];
    int code = run_program(argv, text, sizeof text);
    size_t length = strlen(text);

    if (code != 0) {
        give_up("%s ended with %d: %s", argv[0], code, length > 600 ? text + length - 600 : text);
    }
}

static void make_home(const char *data)
{
    mkdir(HOME, 0755);
    if (strcmp(data, "disk") == 0) {
        int status = system("mkfs.ext4 -q -F -E lazy_itable_init=1,nodiscard /dev/vdb >/dev/null 2>&1");

        if (status != 0 || mount("/dev/vdb", HOME, "ext4", MS_NOATIME, "") != 0) {
            give_up("cannot use the disk /dev/vdb: mkfs.ext4 status %d, %s", status, strerror(errno));
        }
    } else if (mount("tmpfs", HOME, "tmpfs", 0, "size=90%,mode=0755") != 0) {
        give_up("cannot mount a tmpfs: %s", strerror(errno));
    }
    mkdir(SOCKETS, 0755);
    if (chown(HOME, UID, UID) != 0 || chown(SOCKETS, UID, UID) != 0) {
        give_up("chown: %s", strerror(errno));
    }
}

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0) {
        give_up("cannot write %s: %s", path, strerror(errno));
    }
}

/* `most_tries` of 50 ms; -1 leaves it to the host to lose patience. */
static void start_server(int most_tries)
{
    char *const arguments[] = {PROGRAMS "postgres", "-D", DATA, NULL};

    server = start_program(arguments, STDERR_FILENO);
    for (int tries = 0; (counter = postgres_connect(SOCKET, "postgres")) < 0; tries++) {
        if (tries == most_tries || waitpid(server, NULL, WNOHANG) == server) {
            give_up("the database server does not start; the guest's console says why");
        }
        milliseconds(50);
    }
}

static long long query_number(const char *sql)
{
    char text[512];

    if (postgres_query(counter, sql, text, sizeof text) != 0) {
        give_up("%s: %s", sql, text);
    }
    return atoll(text);
}

static long long transaction_id(void)
{
    return query_number("SELECT pg_snapshot_xmax(pg_current_snapshot())");
}

static void use_bench(void)
{
    close(counter);
    counter = postgres_connect(SOCKET, "bench");
    if (counter < 0) {
        give_up("cannot connect to the database");
    }
}

/*
 * Nothing of the data is left in the guest's memory after this, neither in the server's nor in the kernel's: what is read
 * from now on comes from the disk. Returns 0, or -1 with what is wrong in `text`.
 */
static int read_the_disk_again(char *text, size_t size)
{
    int status = 0;

    close(counter);
    counter = -1;
    kill(server, SIGINT); /* ends the sessions, writes everything, and ends */
    waitpid(server, &status, 0);
    if (status != 0) {
        snprintf(text, size, "the database server, told to end, ended with status %d", status);
        return -1;
    }
    sync();
    /* A slow host is no damage: its own deadline ends this. */
    while (umount2(HOME, 0) != 0) {
        if (errno != EBUSY) {
            give_up("cannot unmount the disk: %s", strerror(errno));
        }
        milliseconds(50);
    }
    if (mount("/dev/vdb", HOME, "ext4", MS_NOATIME, "") != 0) {
        snprintf(text, size, "cannot mount the disk again: %s", strerror(errno));
        return -1;
    }
    start_server(-1);
    use_bench();
    return 0;
}

static void set_up(char *const argv[])
{
    char *const create[] = {PROGRAMS "initdb", "-D", DATA, "-U", "postgres", "--auth=trust", "--locale=C",
                            "--encoding=UTF8", "--wal-segsize=4", "--no-sync", "--no-instructions", NULL};
    /* G: rows made by the server, several times as fast as sending them. */
    char *const fill[] = {PROGRAMS "pgbench", "-h", SOCKETS, "-U", "postgres", "-i", "-q", "-I", "dtGvp", "-s",
                          argv[2], "bench", NULL};

    make_home(argv[5]);
    must_run(create);
    append(DATA "/postgresql.conf", settings);
    append(DATA "/pg_hba.conf", "host all all 0.0.0.0/0 trust\n");
    start_server(1200);
    query_number("CREATE DATABASE bench");
    use_bench();
    must_run(fill);
    query_number("CREATE EXTENSION amcheck");
    query_number("CHECKPOINT");
}

static void start_load(char *const argv[])
{
    char *command[24] = {PROGRAMS "pgbench", "-h", SOCKETS, "-U", "postgres", "-n", "-T", "1000000000"};
    int pipes[2];
    int count = 8;

    command[count++] = "-c";
    command[count++] = argv[1];
    command[count++] = "-j";
    command[count++] = atoi(argv[4]) < atoi(argv[1]) ? argv[4] : argv[1];
    if (strcmp(argv[3], "unlimited") != 0) {
        command[count++] = "-R";
        command[count++] = argv[3];
    }
    command[count++] = "bench";
    command[count] = NULL;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        give_up("cannot make a pipe: %s", strerror(errno));
    }
    first_id = transaction_id();
    load = start_program(command, pipes[1]);
    load_output = pipes[0];
    close(pipes[1]);
}

/*
 * pgbench has ended: because it was told to, or it is an error. Where one of its sessions is aborted the others go on; it
 * tells of that in its output, and by its exit code.
 */
static void load_ended(int status)
{
    static const char label[] = "number of transactions actually processed: ";
    char text[OUTPUT_MAX];
    const char *total;

    load = 0;
    read_output(load_output, text, sizeof text);
    total = strstr(text, label);
    if (!stopping || total == NULL) {
        give_up("pgbench ended: %s", text);
    }
    if (status != 0) {
        snprintf(aborted, sizeof aborted, "%.599s", text);
        on_one_line(aborted);
    }
    by_pgbench += atoll(total + sizeof label - 1);
    counted += transaction_id() - first_id;
    stopping = 0;
    printf("progress %lld\nstopped\n", counted);
}

static void watch_children(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == server) {
            give_up("the database server ended; the guest's console says why");
        }
        if (pid == load) {
            load_ended(status);
        }
    }
}

/* The sums that each transaction changes by the same amount (the consistency condition of TPC-B, clause 2.3). */
static int sums_agree(char *text, size_t size)
{
    long long accounts = query_number("SELECT sum(abalance) FROM pgbench_accounts");
    long long tellers = query_number("SELECT sum(tbalance) FROM pgbench_tellers");
    long long branches = query_number("SELECT sum(bbalance) FROM pgbench_branches");
    long long history = query_number("SELECT coalesce(sum(delta), 0) FROM pgbench_history");

    snprintf(text, size, "accounts %lld, tellers %lld, branches %lld, history %lld", accounts, tellers, branches,
             history);
    return accounts == tellers && accounts == branches && accounts == history;
}

static void verify(const char *data)
{
    char *const check[] = {PROGRAMS "pg_amcheck", "-h", SOCKETS, "-U", "postgres", "-d", "bench", "--heapallindexed",
                           "--parent-check", NULL};
    char text[OUTPUT_MAX];
    long long rows;
    int code;

    if (aborted[0] != '\0') {
        printf("damaged a session of pgbench was aborted: %s\n", aborted);
        return;
    }
    if (strcmp(data, "disk") == 0 && read_the_disk_again(text, sizeof text) != 0) {
        printf("damaged %s\n", text);
        return;
    }
    if (!sums_agree(text, sizeof text)) {
        printf("damaged the sums of TPC-B do not agree: %s\n", text);
        return;
    }
    rows = query_number("SELECT count(*) FROM pgbench_history");
    if (rows != by_pgbench) {
        printf("damaged %lld transactions were committed, the history has %lld\n", by_pgbench, rows);
        return;
    }
    code = run_program(check, text, sizeof text);
    on_one_line(text);
    if (code != 0) {
        printf("damaged pg_amcheck (%d): %.800s\n", code, text);
        return;
    }
    printf("intact sums and history agree, pg_amcheck is clean; %lld transactions (%lld by transaction id)\n",
           by_pgbench, counted);
}

static void obey(const char *line, char *const argv[])
{
    if (strcmp(line, "start\n") == 0 && load == 0) {
        start_load(argv);
    } else if (strcmp(line, "stop\n") == 0 && load != 0) {
        stopping = 1;
        kill(load, SIGALRM); /* what ends its -T: it finishes its transactions and prints its totals */
    } else if (strcmp(line, "verify\n") == 0) {
        verify(argv[5]);
    }
}

int main(int argc, char *argv[])
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[64];

    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() tells of every line */
    if (argc != 6) {
        give_up("expected five arguments");
    }
    set_up(argv);
    puts("ready");
    for (;;) {
        if (poll(&input, 1, PROGRESS_MS) > 0) {
            if (fgets(line, sizeof line, stdin) == NULL) {
                return 0;
            }
            obey(line, argv);
        }
        watch_children();
        printf("progress %lld\n", load == 0 ? counted : counted + transaction_id() - first_id);
    }
}
