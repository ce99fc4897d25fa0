// The functions of the library and its configuration.
#ifndef TIDEMILL_CATALOG_H
#define TIDEMILL_CATALOG_H

#include "../tidemill/function.h"

// Reads the configuration and lists the functions.
tm_list tm_catalog(tm_call *call, tm_list json);

// The function at a place of that list; null if there is none.
const tm_function *tm_function_at(uint32_t index);

#endif
