//! Jobs whose components are swapped while they run: by whoever asks, by files that change, by many swaps
//! in a row.

mod by_hand;
mod cases;
#[cfg(target_os = "linux")]
mod costly;
mod dev;
mod exact;
mod fall_back;
mod feed;
mod files;
mod hostile;
mod inside;
mod kills;
mod live;
mod migrations;
mod refusals;
mod restarts;
mod rows;
pub mod versions;
mod windows;
