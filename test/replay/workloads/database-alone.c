/*
 * The database's check without a server: what it does to the system is printed, and every answer is 7.
 *
 * Usage: database-alone DATA STATUS WORDS (a load was told to stop; pgbench said WORDS and ended with this wait status)
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t last_process = 100;

static pid_t told_fork(void)
{
    printf("process %d begins\n", (int)++last_process);
    return last_process;
}

static int told_kill(pid_t pid, int number)
{
    printf("signal %d to process %d\n", number, (int)pid);
    return 0;
}

static pid_t told_waitpid(pid_t pid, int *status, int options)
{
    (void)options;
    printf("process %d ends\n", (int)pid);
    *status = 0;
    return pid;
}

static int told_mount(const char *source, const char *target)
{
    printf("mount %s %s\n", source, target);
    return 0;
}

static int told_umount(const char *target)
{
    printf("umount %s\n", target);
    return 0;
}

#define fork() told_fork()
#define kill(pid, number) told_kill(pid, number)
#define waitpid(pid, status, options) told_waitpid(pid, status, options)
#define mount(source, target, type, flags, data) told_mount(source, target)
#define umount2(target, flags) told_umount(target)
#define sync() puts("sync")
#define main database_main
#include "../../../workloads/database/database.c"
#undef main

int postgres_connect(const char *socket_path, const char *database)
{
    (void)socket_path;
    printf("connect to %s\n", database);
    return open("/dev/null", O_RDONLY);
}

int postgres_query(int connection, const char *sql, char *text, size_t size)
{
    (void)sql;
    snprintf(text, size, "7");
    return connection < 0 ? -1 : 0;
}

int main(int argc, char *argv[])
{
    int pipes[2];

    if (argc != 4 || pipe(pipes) != 0) {
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    server = last_process;
    counter = postgres_connect(SOCKET, "bench");
    dprintf(pipes[1], "%s", argv[3]);
    close(pipes[1]);
    load_output = pipes[0];
    stopping = 1;
    load_ended(atoi(argv[2]));
    verify(argv[1]);
    return 0;
}
