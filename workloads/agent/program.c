/* The workload program: its life, its lines, and the commands that wait for one of its answers. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

enum program_state program_state = PROGRAM_NONE;
uint64_t program_progress;
char program_text[256];

static pid_t program;
static int to_program = -1;
static int from_program = -1;
static uint64_t waiting; /* id of the command that waits for the program's answer; 0 = none */
static char line[1024];
static size_t line_length;

int program_descriptor(void)
{
    return from_program;
}

static void answer_waiting(const char *status, const char *text)
{
    if (waiting != 0) {
        reply(waiting, status, "%s", text);
        waiting = 0;
    }
}

void program_start(uint64_t id, char *const argv[])
{
    int input[2];
    int output[2];

    if (program != 0) {
        reply(id, "error", "a workload program is already running");
        return;
    }
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) {
        reply(id, "error", "cannot make a pipe: %m");
        return;
    }
    program = spawn(argv, input[0], output[1], STDERR_FILENO);
    close(input[0]);
    close(output[1]);
    if (program < 0) {
        program = 0;
        close(input[1]);
        close(output[0]);
        reply(id, "error", "cannot start a process: %m");
        return;
    }
    to_program = input[1];
    from_program = output[0];
    fcntl(from_program, F_SETFL, O_NONBLOCK);
    program_state = PROGRAM_STARTING;
    program_progress = 0;
    program_text[0] = '\0';
    line_length = 0;
    send_sample(); /* before the reply: who reads it must not find the last program's state */
    reply(id, "ok", "%d", (int)program);
}

void program_tell(uint64_t id, const char *word, enum program_state from, enum program_state to, int wait)
{
    if (program_state != from || waiting != 0) {
        reply(id, "error", "the workload program cannot %s now: it is not %s", word,
              from == PROGRAM_READY ? "ready" : "running");
        return;
    }
    if (dprintf(to_program, "%s\n", word) < 0) {
        reply(id, "error", "the workload program does not listen: %m");
        return;
    }
    program_state = to;
    send_sample();
    if (wait) {
        waiting = id;
        reply(id, "pending", "%s", word);
    } else {
        reply(id, "ok", "%s", word);
    }
}

static int has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    return strncmp(text, word, length) == 0 && (text[length] == ' ' || text[length] == '\0');
}

static void take_line(const char *text)
{
    if (has_word(text, "progress")) {
        program_progress = strtoull(text + strlen("progress"), NULL, 10);
    } else if (has_word(text, "ready") && program_state == PROGRAM_STARTING) {
        program_state = PROGRAM_READY;
    } else if (has_word(text, "stopped") && program_state == PROGRAM_STOPPING) {
        program_state = PROGRAM_READY;
        answer_waiting("ok", text);
    } else if ((has_word(text, "intact") || has_word(text, "damaged")) && program_state == PROGRAM_VERIFYING) {
        program_state = PROGRAM_READY;
        answer_waiting("ok", text);
    } else if (has_word(text, "error")) {
        program_state = PROGRAM_FAILED;
        snprintf(program_text, sizeof program_text, "%s", text + strlen("error") + (text[5] != '\0'));
        answer_waiting("error", program_text);
    }
}

ssize_t program_readable(void)
{
    char buffer[4096];
    ssize_t length = read(from_program, buffer, sizeof buffer);

    if (length == 0) {
        close(from_program);
        from_program = -1;
    }
    for (ssize_t i = 0; i < length; i++) {
        if (buffer[i] == '\n') {
            line[line_length] = '\0';
            take_line(line);
            line_length = 0;
        } else if (line_length < sizeof line - 1) {
            line[line_length++] = buffer[i];
        }
    }
    return length;
}

void program_exited(pid_t pid, int status)
{
    if (pid != program) {
        return;
    }
    while (from_program >= 0 && program_readable() > 0) {
        /* what it said last is usually why it ended */
    }
    if (from_program >= 0) {
        close(from_program);
        from_program = -1;
    }
    close(to_program);
    to_program = -1;
    program = 0;
    if (program_state != PROGRAM_FAILED) {
        program_state = PROGRAM_EXITED;
        if (WIFSIGNALED(status)) {
            snprintf(program_text, sizeof program_text, "signal %d", WTERMSIG(status));
        } else {
            snprintf(program_text, sizeof program_text, "code %d", WEXITSTATUS(status));
        }
    }
    answer_waiting("error", "the workload program ended");
}
