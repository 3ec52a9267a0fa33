/* The command `run`: any program of the guest, run to its end; its exit code and the head of its output. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

enum { OUTPUT_MAX = 1300 };

static pid_t runner;
static int output_fd = -1;
static uint64_t command_id;
static char output[OUTPUT_MAX + 1];
static size_t output_length;

int run_descriptor(void)
{
    return output_fd;
}

void run_start(uint64_t id, char *const argv[])
{
    int pipes[2];
    int nothing;

    if (runner != 0) {
        reply(id, "error", "another program is being run");
        return;
    }
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || pipe2(pipes, O_CLOEXEC) != 0) {
        reply(id, "error", "cannot make a pipe: %m");
        return;
    }
    runner = spawn(argv, nothing, pipes[1], pipes[1]);
    close(nothing);
    close(pipes[1]);
    output_fd = pipes[0];
    fcntl(output_fd, F_SETFL, O_NONBLOCK);
    output_length = 0;
    command_id = id;
    if (runner < 0) {
        runner = 0;
        close(output_fd);
        output_fd = -1;
        reply(id, "error", "cannot start a process: %m");
        return;
    }
    reply(id, "pending", "run");
}

/* Takes what there is; output past the head is read and dropped, so that the program never blocks on it. */
static ssize_t take_output(void)
{
    char buffer[4096];
    ssize_t length = read(output_fd, buffer, sizeof buffer);

    for (ssize_t i = 0; i < length && output_length < OUTPUT_MAX; i++) {
        output[output_length++] = buffer[i];
    }
    return length;
}

void run_readable(void)
{
    if (take_output() == 0) {
        close(output_fd);
        output_fd = -1;
    }
}

void run_exited(pid_t pid, int status)
{
    if (pid != runner) {
        return;
    }
    while (output_fd >= 0 && take_output() > 0) {
    }
    if (output_fd >= 0) {
        close(output_fd);
        output_fd = -1;
    }
    output[output_length] = '\0';
    runner = 0;
    reply(command_id, "ok", "%d %s", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), output);
}
