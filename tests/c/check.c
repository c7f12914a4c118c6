/*
 * Asks the service at MAXIM_BASE_URL for the repository and prints what it is told: a status and the detail.
 *
 *     check     (MAXIM_BASE_URL, MAXIM_SPOOL_DIR, MAXIM_API_KEY and MAXIM_LOG_REPO_ID set)
 */
#include <maxim.h>

#include <stdio.h>

int main(void) {
    maxim_logger *logger = NULL;
    if (maxim_logger_new(NULL, &logger) != MAXIM_OK) {
        printf("%s\n", maxim_last_error());
        return 1;
    }
    maxim_status status = maxim_check(logger, 5000);
    printf("%s %s\n", maxim_status_str(status), status == MAXIM_OK ? "" : maxim_last_error());
    return maxim_logger_free(logger) != MAXIM_OK;
}
