// What a library of functions in C++ includes. Functions are ordinary ones; their types say what the
// columns are:
//
//     column      C++ type
//     boolean     bool
//     int32       std::int32_t
//     int64       std::int64_t
//     float32     float
//     float64     double
//     timestamp   tidemill::timestamp, a point of the system's clock in microseconds
//     utf8        std::string_view or std::string
//     binary      tidemill::bytes or std::vector<std::byte>
//
// `std::optional` of these takes and gives nulls. A row that has a null where the type has none does not
// reach the function: the result of a scalar function is then null, an aggregate leaves the row out, the
// others make no row of it. A function that returns `tidemill::result<T>` may refuse the row with
// `return tidemill::refuse("why")`. One `tidemill::library` in the program lists the functions:
//
//     double to_fahrenheit(double celsius) { return celsius * 1.8 + 32.0; }
//
//     tidemill::library library{
//         tidemill::scalar<to_fahrenheit>("Converts degrees Celsius to degrees Fahrenheit.",
//                                         {"celsius"}, {"fahrenheit"}),
//     };
//
// How each kind is written is told in the file of its name: `tidemill/scalar.hpp`, `columns.hpp`, `table.hpp`,
// `aggregate.hpp`, `holistic.hpp`, `process.hpp`; so are `config.hpp` and `state.hpp`.
//
// A function with several results returns a struct with `TIDEMILL_MEMBERS`. On other machines than
// WebAssembly the list does nothing, and tests call the functions as they are.
#pragma once

#include "tidemill/values.hpp"

#include "tidemill/members.hpp"

#include "tidemill/row_error.hpp"

#include "tidemill/sink.hpp"

#include "tidemill/log.hpp"

#ifdef __wasm__
#include "tidemill/column.hpp"

#include "tidemill/row.hpp"

#include "tidemill/signature.hpp"

#include "tidemill/state.hpp"

#include "tidemill/scalar.hpp"
#include "tidemill/columns.hpp"
#include "tidemill/table.hpp"
#include "tidemill/aggregate.hpp"
#include "tidemill/holistic.hpp"
#include "tidemill/process.hpp"
#include "tidemill/config.hpp"
#include "tidemill/library.hpp"
#else
#include "tidemill/native.hpp"
#endif
