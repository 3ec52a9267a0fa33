/* See postgres-client.h and "Frontend/Backend Protocol" in PostgreSQL's documentation. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "postgres-client.h"

enum { MESSAGE_MAX = 16 * 1024, PROTOCOL_VERSION = 3 << 16 };

struct message {
    char type;
    size_t length;
    char content[MESSAGE_MAX + 1];
};

static int read_all(int connection, void *to, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = read(connection, (char *)to + done, length - done);

        if (count <= 0) {
            return -1;
        }
        done += (size_t)count;
    }
    return 0;
}

/* What does not fit is read and dropped: only the start of a message is ever of interest. */
static int read_message(int connection, struct message *message)
{
    uint32_t length;
    char rest[512];

    if (read_all(connection, &message->type, 1) != 0 || read_all(connection, &length, sizeof length) != 0) {
        return -1;
    }
    length = ntohl(length);
    if (length < sizeof length) {
        return -1;
    }
    length -= (uint32_t)sizeof length;
    message->length = length < MESSAGE_MAX ? length : MESSAGE_MAX;
    if (read_all(connection, message->content, message->length) != 0) {
        return -1;
    }
    message->content[message->length] = '\0';
    for (uint32_t left = length - (uint32_t)message->length; left > 0;) {
        uint32_t part = left < sizeof rest ? left : (uint32_t)sizeof rest;

        if (read_all(connection, rest, part) != 0) {
            return -1;
        }
        left -= part;
    }
    return 0;
}

/* A row: number of columns, then each with its length. */
static void take_first_column(const struct message *row, char *text, size_t size)
{
    uint32_t length;

    text[0] = '\0';
    if (row->length < 6) {
        return;
    }
    memcpy(&length, row->content + 2, sizeof length);
    length = ntohl(length);
    if (length <= row->length - 6) {
        snprintf(text, size, "%.*s", (int)length, row->content + 6);
    }
}

/* An error: fields of a letter and a string; M is the message. */
static void take_message(const struct message *error, char *text, size_t size)
{
    const char *field = error->content;
    const char *end = error->content + error->length;

    while (field < end && *field != '\0') {
        if (*field == 'M') {
            snprintf(text, size, "%s", field + 1);
        }
        field += strlen(field) + 1;
    }
}

/* Reads up to ReadyForQuery. */
static int read_answer(int connection, char *text, size_t size)
{
    static struct message message;
    int result = 0;

    snprintf(text, size, "the server closed the connection");
    for (;;) {
        if (read_message(connection, &message) != 0) {
            return -1;
        }
        switch (message.type) {
        case 'D':
            take_first_column(&message, text, size);
            break;
        case 'E':
            take_message(&message, text, size);
            result = -1;
            break;
        case 'Z':
            return result;
        default:
            break;
        }
    }
}

int postgres_connect(const char *socket_path, const char *database)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char packet[256];
    char text[256];
    uint32_t word;
    int length = 8;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    length += snprintf(packet + length, sizeof packet - 8, "user%cpostgres%cdatabase%c%s%c%c", 0, 0, 0, database, 0, 0);
    word = htonl((uint32_t)length);
    memcpy(packet, &word, sizeof word);
    word = htonl(PROTOCOL_VERSION);
    memcpy(packet + 4, &word, sizeof word);
    if (connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(connection, packet, (size_t)length, MSG_NOSIGNAL) == length &&
        read_answer(connection, text, sizeof text) == 0) {
        return connection;
    }
    close(connection);
    return -1;
}

int postgres_query(int connection, const char *sql, char *text, size_t size)
{
    char packet[1024];
    uint32_t length = (uint32_t)strlen(sql) + 1 + sizeof length;
    uint32_t word = htonl(length);

    if (length + 1 > sizeof packet) {
        snprintf(text, size, "the query is too long");
        return -1;
    }
    packet[0] = 'Q';
    memcpy(packet + 1, &word, sizeof word);
    memcpy(packet + 5, sql, length - sizeof length);
    if (send(connection, packet, length + 1, MSG_NOSIGNAL) != (ssize_t)length + 1) {
        snprintf(text, size, "the server closed the connection");
        return -1;
    }
    return read_answer(connection, text, size);
}
