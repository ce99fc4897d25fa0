//! The SDK from outside: a library of every kind of function, called as the host calls it.

mod aggregate;
mod catalog;
mod compile_errors;
mod configuration;
mod contract;
mod holistic;
mod process;
mod scalar;
mod table;

/// What the tests call.
mod fixture;
