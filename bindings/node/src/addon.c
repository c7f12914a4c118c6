/*
 * Loads the addon into an environment: the main thread, or a worker.
 */
#include "addon.h"

#include <stdlib.h>

static void unload(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    struct addon *addon = data;
    if (addon->mailbox) {
        mailbox_release(addon->mailbox);
    }
    free(addon);
}

static bool define(napi_env env, napi_value exports, struct methods methods) {
    for (size_t i = 0; i < methods.count; i++) {
        const struct method *method = &methods.list[i];
        napi_value function;
        if (napi_create_function(env, method->name, NAPI_AUTO_LENGTH, method->callback, (void *)method, &function) !=
                napi_ok ||
            napi_set_named_property(env, exports, method->name, function) != napi_ok) {
            return false;
        }
    }
    return true;
}

NAPI_MODULE_INIT() {
    struct addon *addon = calloc(1, sizeof *addon);
    if (!addon || napi_set_instance_data(env, addon, unload, NULL) != napi_ok) {
        free(addon);
        napi_throw_error(env, "MAXIM_ERR_NO_RESOURCES", "no memory for the addon");
        return NULL;
    }
    if (!define(env, exports, logger_methods()) || !define(env, exports, entity_methods()) ||
        !define(env, exports, log_client_methods())) {
        return NULL;
    }
    return exports;
}
