//! A web site: page views, and log lines with errors.
//!
//! ```toml
//! [stage.pages]
//! from = "views"
//! filter = "web.wasm#is_page"
//!
//! [stage.cleaned]
//! from = "pages"
//! map = "web.wasm#clean_page"
//! ```

mod data;
mod log_line;
mod page;

use tidemill_sdk::prelude::*;

library!(
    page::is_page,
    page::clean_page,
    log_line::has_error,
    log_line::log_entry,
    data::views,
    data::log_lines,
);
