//! What the pipelines of the conformance run compute and the standard library does not: expressions
//! that other engines write in SQL, and functions that their test suites define themselves.
//!
//! No function knows an expected answer; constants of a query come from the stage's `config`.

mod bid;
mod bits;
mod clock;
mod condition;
mod config;
mod frame;
mod list;
mod number;
mod order;
mod round;
mod text;
mod trend;

use config::Config;
use tidemill_sdk::prelude::*;

library!(
    config = Config,
    bid::bid_time_type,
    bid::by_price,
    bid::channel_id,
    bid::converted,
    bid::directories,
    bits::BitAnd,
    bits::BitOr,
    bits::BitXor,
    clock::clock,
    clock::day,
    clock::epoch_seconds,
    clock::hour_and_month,
    clock::seconds_between,
    clock::window_number,
    condition::at_least,
    condition::below,
    condition::between_times,
    condition::inside,
    condition::missing,
    condition::one_of,
    condition::reaches,
    condition::says,
    condition::says_one_of,
    frame::sum_before,
    list::max_product,
    list::none_udf,
    number::double_negative,
    number::odd,
    number::plus,
    number::positive,
    number::quotient,
    number::remainder,
    number::truncated,
    number::user_of,
    order::changes,
    round::round_spread,
    round::round_sums,
    text::count_char,
    text::joined,
    text::label,
    text::squeezed,
    text::text_of,
    text::words,
    trend::Trend,
);
