/* sign TEXT: has the vault sign TEXT and prints the 32-byte HMAC-SHA-256 in hexadecimal.
 *
 * An ordinary Linux program. The vault is a file to it: the virtio port that the virtual machine's monitor offers.
 * Frames on the port: a 4-byte little-endian length, then that many bytes; an answer of length 0 is a refusal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PORT[] = "/dev/virtio-ports/vault";
enum { HEADER_BYTES = 4, MESSAGE_BYTES = 4096, SIGNATURE_BYTES = 32 };

static int fail(const char *what)
{
    fprintf(stderr, "sign: %s: %s\n", what, strerror(errno));
    return 1;
}

/* Write or read all of `count` bytes; a port may take and give them in pieces. Returns 0, or -1 with errno set. */
static int write_all(int port, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(port, bytes, count);
        if (written < 0)
            return -1;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

static int read_all(int port, uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t got = read(port, bytes, count);
        if (got == 0)
            errno = EPIPE;
        if (got <= 0)
            return -1;
        bytes += got;
        count -= (size_t)got;
    }
    return 0;
}

static void put_length(uint8_t *bytes, uint32_t length)
{
    for (int index = 0; index < HEADER_BYTES; index++)
        bytes[index] = (uint8_t)(length >> (8 * index));
}

static uint32_t get_length(const uint8_t *bytes)
{
    uint32_t length = 0;
    for (int index = 0; index < HEADER_BYTES; index++)
        length |= (uint32_t)bytes[index] << (8 * index);
    return length;
}

int main(int count, char **arguments)
{
    static uint8_t frame[HEADER_BYTES + MESSAGE_BYTES];
    uint8_t answer[SIGNATURE_BYTES];

    if (count != 2 || strlen(arguments[1]) > MESSAGE_BYTES) {
        fprintf(stderr, "usage: sign TEXT   (at most %d bytes)\n", MESSAGE_BYTES);
        return 2;
    }
    uint32_t length = (uint32_t)strlen(arguments[1]);
    put_length(frame, length);
    memcpy(frame + HEADER_BYTES, arguments[1], length);

    int port = open(PORT, O_RDWR);
    if (port < 0)
        return fail(PORT);
    if (write_all(port, frame, HEADER_BYTES + length) < 0 || read_all(port, answer, HEADER_BYTES) < 0)
        return fail(PORT);
    if (get_length(answer) != SIGNATURE_BYTES) {
        fprintf(stderr, "sign: the vault refused\n");
        return 1;
    }
    if (read_all(port, answer, SIGNATURE_BYTES) < 0)
        return fail(PORT);
    for (int index = 0; index < SIGNATURE_BYTES; index++)
        printf("%02x", answer[index]);
    printf("\n");
    return 0;
}
