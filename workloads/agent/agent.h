/* What the parts of the guest agent share. The wire protocol is described in PROTOCOL.md. */
#ifndef MIGBENCH_AGENT_H
#define MIGBENCH_AGENT_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/types.h>

enum { DATAGRAM_MAX = 1400, ARGUMENTS_MAX = 64, AGENT_PORT = 7700 };

/* State of the workload program; the names in samples are in state_name(). */
enum program_state {
    PROGRAM_NONE,
    PROGRAM_STARTING,
    PROGRAM_READY,
    PROGRAM_RUNNING,
    PROGRAM_STOPPING,
    PROGRAM_VERIFYING,
    PROGRAM_FAILED, /* it said `error TEXT` */
    PROGRAM_EXITED,
};

/* agent.c */
uint64_t clock_ns(int clock);
void reply(uint64_t id, const char *status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void send_sample(void);
pid_t spawn(char *const argv[], int input, int output, int error);

/* program.c: the workload program */
extern enum program_state program_state;
extern uint64_t program_progress;
extern char program_text[256]; /* why it failed or how it exited; empty otherwise */
int program_descriptor(void);  /* to be polled for reading; -1 = none */
void program_start(uint64_t id, char *const argv[]);
void program_tell(uint64_t id, const char *word, enum program_state from, enum program_state to, int wait);
ssize_t program_readable(void); /* returns what read() did */
void program_exited(pid_t pid, int status);

/* run.c: any program, run to its end for diagnosis */
int run_descriptor(void);
void run_start(uint64_t id, char *const argv[]);
void run_readable(void);
void run_exited(pid_t pid, int status);

/* heartbeat.c */
void heartbeat_set(uint64_t id, const struct sockaddr_in *collector, uint32_t session, char *const argv[]);

#endif
