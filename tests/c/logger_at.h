/* What a test program's logger is made with. */
#ifndef LOGGER_AT_H
#define LOGGER_AT_H

#include <maxim.h>

/* For a server of the test's, and a repository. Both texts must outlive it. */
static maxim_logger_config config_at(const char *url, const char *repository) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.base_url = maxim_str_z(url);
    config.api_key = MAXIM_STR("key");
    config.repository_id = maxim_str_z(repository);
    return config;
}

#endif
