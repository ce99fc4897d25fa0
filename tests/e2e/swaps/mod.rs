//! Jobs whose components are swapped while they run: by whoever asks, by files that change, by many swaps
//! in a row.

mod exact;
mod feed;
mod inside;
mod live;
mod rows;
mod versions;
