/* The little of PostgreSQL's wire protocol (version 3, simple queries) that asking for one value needs. */
#ifndef MIGBENCH_POSTGRES_CLIENT_H
#define MIGBENCH_POSTGRES_CLIENT_H

#include <stddef.h>

/* Connects through the server's Unix socket, as user postgres; returns a descriptor, or -1 (try again later). */
int postgres_connect(const char *socket_path, const char *database);

/*
 * Runs SQL. `text` gets the first column of the last row, or the server's message where it fails.
 * Returns 0, or -1 where the server says no or is gone.
 */
int postgres_query(int connection, const char *sql, char *text, size_t size);

#endif
