//! What a library of functions in Zig imports. Functions are ordinary ones: what they take and return says
//! what the columns are.
//!
//!     fn toFahrenheit(row: struct { celsius: f64 }) struct { fahrenheit: f64 } {
//!         return .{ .fahrenheit = row.celsius * 1.8 + 32.0 };
//!     }
//!
//!     pub const library = tidemill.library(.{
//!         .functions = .{
//!             .to_fahrenheit = tidemill.scalar(toFahrenheit, "Converts degrees Celsius to degrees Fahrenheit."),
//!         },
//!     });
//!
//! The first parameter is a struct with a field for each parameter of the function. A result is a struct
//! with a field for each result, or a value, which is then called like the function.
//!
//!     column      Zig type
//!     boolean     bool
//!     int32       i32
//!     int64       i64
//!     float32     f32
//!     float64     f64
//!     timestamp   tidemill.Timestamp
//!     utf8        []const u8
//!     binary      tidemill.Bytes
//!
//! `?T` takes and gives nulls. A row that has a null where the type has none does not reach the function: the
//! result of a scalar function is then null, an aggregate leaves the row out, the others make no row of it.
//!
//! An error refuses the row: `error.DivisionByZero` for the reason `division by zero`, or
//! `tidemill.refuse("no word {d}", .{place})`. Memory of `tidemill.allocator` lasts until the call ends; nothing
//! else is remembered between two calls but states.

const values = @import("values.zig");
const memory = @import("memory.zig");
const errors = @import("errors.zig");

pub const Timestamp = values.Timestamp;
pub const Bytes = values.Bytes;

/// Memory that lasts until the call ends. There is no need to free it.
pub const allocator = memory.allocator;

/// Refuses the row for a reason that is put together: `return tidemill.refuse("no word {d}", .{place});`
pub const refuse = errors.refuse;

/// Lines for the log of the host; in tests, standard error.
pub const log = @import("log.zig");

/// Where the rows go of table and process functions: `out.emit(.{ .word = word })`.
pub const Sink = @import("sink.zig").Sink;

pub const scalar = @import("scalar.zig").scalar;
pub const columns = @import("columns.zig").columns;
pub const table = @import("table.zig").table;
pub const aggregate = @import("aggregate.zig").aggregate;
pub const holistic = @import("holistic.zig").holistic;
pub const process = @import("process.zig").process;

pub const library = @import("library.zig").library;

const exports = @import("exports.zig");

/// What `main.zig` needs.
pub const exportLibrary = exports.exportLibrary;
pub const panicked = exports.panicked;
