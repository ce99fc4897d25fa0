// All that is compiled into every library: what the host calls, and what functions call.
#include "runtime/arena.c"
#include "runtime/builder.c"
#include "runtime/call.c"
#include "runtime/catalog.c"
#include "runtime/config.c"
#include "runtime/exports.c"
#include "runtime/json.c"
#include "runtime/states.c"
