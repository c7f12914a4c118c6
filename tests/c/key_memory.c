/*
 * A host that has made a logger and a log client, logged, sent, and freed both: prints how many copies of the API
 * key its writable anonymous memory holds before and after that, within a minute.
 *
 * The key is never in this program whole but in the buffer that is wiped: each byte is masked.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LENGTH 32
#define MASK 0x55
#define CHUNK (1 << 20)

static unsigned char masked[LENGTH];
static char *chunk;

static int is_key(const char *found) {
    for (int n = 0; n < LENGTH; n++) {
        if (((unsigned char)found[n] ^ MASK) != masked[n]) {
            return 0;
        }
    }
    return 1;
}

static int copies(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), found = 0;
    char line[512];
    if (!maps || memory < 0) {
        return -1;
    }
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to, inode;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &inode) != 4 || inode != 0 ||
            rights[0] != 'r' || rights[1] != 'w') {
            continue;
        }
        for (unsigned long at = from; at < to; at += CHUNK - LENGTH) {
            size_t want = to - at < CHUNK ? to - at : CHUNK;
            ssize_t got = pread(memory, chunk, want, (off_t)at);
            for (ssize_t n = 0; n + LENGTH <= got; n++) {
                unsigned long address = at + (unsigned long)n;
                int is_own = address + LENGTH > (unsigned long)chunk && address < (unsigned long)chunk + CHUNK;
                if (!is_own && is_key(chunk + n) && (n < CHUNK - LENGTH || at + want == to)) {
                    found++;
                }
            }
        }
    }
    explicit_bzero(chunk, CHUNK);
    close(memory);
    fclose(maps);
    return found;
}

/* How many there are, once there are no more than these or a minute has passed. */
static int copies_but(int few) {
    int found = copies();
    for (int tries = 0; found > few && tries < 600; tries++) {
        usleep(100000);
        found = copies();
    }
    return found;
}

static void must(maxim_status status) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%d: %s\n", (int)status, maxim_last_error());
        exit(2);
    }
}

int main(void) {
    chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* Of its own, so that no buffer of stdio or the allocator has had it. */
    char *key = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int n = 0; n < LENGTH; n++) {
        masked[n] = (unsigned char)(('a' + (n * 7 + 3) % 26) ^ MASK);
        key[n] = (char)(masked[n] ^ MASK);
    }
    maxim_logger *logger = NULL;
    maxim_log_client *client = NULL;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.repository_id = MAXIM_STR("key-memory");
    config.api_key = maxim_str_n(key, LENGTH);
    maxim_log_client_config client_config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    client_config.source = MAXIM_STR("key-memory");
    client_config.endpoint = config.base_url;
    client_config.api_key = config.api_key;
    must(maxim_logger_new(&config, &logger));
    must(maxim_log_client_new(&client_config, &client));
    explicit_bzero(key, LENGTH);
    for (int n = 0; n < 100; n++) {
        must(maxim_trace_add_tag(logger, MAXIM_STR("t"), MAXIM_STR("n"), MAXIM_STR("v")));
        must(maxim_log_info(client, MAXIM_STR("a text"), maxim_str_n(NULL, 0), NULL));
    }
    must(maxim_flush(logger, 60000));
    must(maxim_log_flush(client, 60000));
    /* A request that has just ended has its buffers wiped. */
    int before = copies_but(2);
    must(maxim_logger_free(logger));
    must(maxim_log_client_free(client));
    /* The delivery threads leave by themselves. */
    int after = copies_but(0);
    printf("{\"before\": %d, \"after\": %d}\n", before, after);
    return 0;
}
