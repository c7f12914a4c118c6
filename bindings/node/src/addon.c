/*
 * Loads the addon into an environment: the main thread, or a worker.
 */
#include "shared.h"

#include <stdlib.h>

static void unload(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    struct addon *addon = data;
    if (addon->queue) {
        event_queue_release(addon->queue);
    }
    free(addon);
}

static bool define(napi_env env, napi_value exports, struct function *functions, struct methods methods,
                   struct addon *addon) {
    for (size_t i = 0; i < methods.count; i++) {
        const struct method *method = &methods.list[i];
        napi_value value;
        functions[i] = (struct function){method, addon};
        if (napi_create_function(env, method->name, NAPI_AUTO_LENGTH, method->callback, &functions[i], &value) !=
                napi_ok ||
            napi_set_named_property(env, exports, method->name, value) != napi_ok) {
            return false;
        }
    }
    return true;
}

NAPI_MODULE_INIT() {
    const struct methods tables[] = {logger_methods(), entity_methods(), log_client_methods()};
    size_t count = 0;
    for (size_t i = 0; i < COUNT(tables); i++) {
        count += tables[i].count;
    }
    struct addon *addon = calloc(1, sizeof *addon + count * sizeof addon->functions[0]);
    if (!addon || napi_set_instance_data(env, addon, unload, NULL) != napi_ok) {
        free(addon);
        napi_throw_error(env, "MAXIM_ERR_NO_RESOURCES", "no memory for the addon");
        return NULL;
    }
    struct function *next = addon->functions;
    for (size_t i = 0; i < COUNT(tables); i++) {
        if (!define(env, exports, next, tables[i], addon)) {
            return NULL;
        }
        next += tables[i].count;
    }
    return exports;
}
