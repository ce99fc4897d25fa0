// What a library of functions in C includes: one macro for each kind of function, the types of
// columns, errors of rows, settings and logging.
//
//     TM_SCALAR(to_fahrenheit, "Converts degrees Celsius to degrees Fahrenheit.",
//               (double celsius), (double fahrenheit)) {
//         return celsius * 1.8 + 32.0;
//     }
//
// How each kind is written is told in the file of its name: `tidemill/scalar.h`, `columns.h`, `table.h`,
// `aggregate.h`, `holistic.h`, `process.h`; so are `config.h` and `state.h`.
//
// Types of parameters, results and fields of a state:
//
//     column      C type         where there may be nulls
//     boolean     bool           tm_bool_or_null
//     int32       int32_t        tm_int32_or_null
//     int64       int64_t        tm_int64_or_null
//     float32     float          tm_float_or_null
//     float64     double         tm_double_or_null
//     timestamp   tm_timestamp   tm_timestamp_or_null
//     utf8        tm_text        tm_text_or_null
//     binary      tm_bytes       tm_bytes_or_null
//
// A row that has a null where the type has none does not reach the function: the result of a scalar
// function is then null, an aggregate leaves the row out, the others make no row of it.
//
// `tm_refuse("why")` refuses the row at hand. Memory of `tm_alloc` lasts until the call ends; nothing
// else is remembered between two calls but states. On other machines than WebAssembly the macros
// leave the functions alone, so that a test can call them.
#ifndef TIDEMILL_H
#define TIDEMILL_H

#include "tidemill/values.h"

#include "tidemill/guest.h"

#include "tidemill/each.h"

#ifdef __wasm__
#include "tidemill/abi.h"

#include "tidemill/reader.h"

#include "tidemill/builder.h"

#include "tidemill/function.h"
#endif

#include "tidemill/aggregate.h"
#include "tidemill/columns.h"
#include "tidemill/config.h"
#include "tidemill/holistic.h"
#include "tidemill/process.h"
#include "tidemill/scalar.h"
#include "tidemill/state.h"
#include "tidemill/table.h"

#endif
