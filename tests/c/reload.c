/* Loads the library, logs, cleans up and unloads it, as often as told: reload LIBRARY TIMES */
#include <maxim.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    for (int n = atoi(arguments[2]); n > 0; n--) {
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
            return 3;
        }
        maxim_status (*make)(const maxim_logger_config *, maxim_logger **);
        maxim_status (*tag)(maxim_logger *, maxim_str, maxim_str, maxim_str);
        maxim_status (*end)(maxim_logger *);
        *(void **)&make = dlsym(library, "maxim_logger_new");
        *(void **)&tag = dlsym(library, "maxim_trace_add_tag");
        *(void **)&end = dlsym(library, "maxim_logger_free");
        maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
        maxim_logger *logger = NULL;
        config.api_key = MAXIM_STR("probe-key-0123456789");
        config.repository_id = MAXIM_STR("probe");
        if (make(&config, &logger) || tag(logger, MAXIM_STR("t"), MAXIM_STR("k"), MAXIM_STR("v")) || end(logger)) {
            return 4;
        }
        dlclose(library);
    }
    return 0;
}
