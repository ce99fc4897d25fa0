//! Made-up requests and log lines: visitors who come for some minutes and go again, a few pages that
//! most of them see, and one that everybody talks about for a while.

use dice::Dice;
use tidemill_sdk::prelude::*;

/// The pages, the most popular first.
const PAGES: [&str; 16] = [
    "/",
    "/news",
    "/courses",
    "/news/local",
    "/courses/rust",
    "/about",
    "/courses/sql",
    "/contact",
    "/news/sport",
    "/jobs",
    "/courses/streams",
    "/help",
    "/news/weather",
    "/terms",
    "/courses/wasm",
    "/archive",
];
const TALKED_ABOUT: &str = "/news/eclipse";
const MINUTE: i64 = 60_000_000;
/// When it is talked about: from 10:00 to 10:45 UTC.
const TALK: std::ops::Range<i64> = 600..645;

/// A request as a web server notes it.
#[derive(Clone, Debug, PartialEq, Row)]
pub(crate) struct View {
    /// RFC 3339.
    pub(crate) ts: String,
    pub(crate) visitor: String,
    pub(crate) page: String,
    pub(crate) status: i64,
}

/// The requests that a reading stands for: none, one, or the same one twice. The sensor is the visitor.
#[table]
pub(crate) fn views(ts: Timestamp, sensor: &str, temperature: f64, humidity: f64) -> Vec<View> {
    let mut dice = Dice::of_reading(temperature, humidity);
    if !is_visiting(sensor, ts) || !dice.chance(0.4) {
        return Vec::new();
    }
    let page = page(ts, &mut dice);
    let view = View {
        ts: match dice.chance(0.001) {
            true => "-".to_owned(),
            false => ts.to_string(),
        },
        visitor: sensor.replace('s', "v"),
        page: spelling(page, &mut dice),
        status: match dice.below(100) {
            0 => 500,
            1..4 => 404,
            _ => 200,
        },
    };
    match dice.chance(0.002) {
        true => vec![view.clone(), view],
        false => vec![view],
    }
}

/// Whether a visitor is there: in one twenty minutes of six.
fn is_visiting(visitor: &str, ts: Timestamp) -> bool {
    let name = visitor
        .bytes()
        .fold(0_u64, |sum, byte| sum * 31 + u64::from(byte));
    let slot = ts.micros().div_euclid(20 * MINUTE).cast_unsigned();
    Dice::new(name.wrapping_mul(1_000_003).wrapping_add(slot)).below(6) == 0
}

fn page(ts: Timestamp, dice: &mut Dice) -> &'static str {
    let minute = ts.micros().div_euclid(MINUTE).rem_euclid(24 * 60);
    match TALK.contains(&minute) && dice.chance(0.4) {
        true => TALKED_ABOUT,
        false => PAGES[dice.skewed_below(PAGES.len() as u64) as usize],
    }
}

/// The page as it was asked for.
fn spelling(page: &str, dice: &mut Dice) -> String {
    match dice.below(200) {
        0 => String::new(),
        1..20 => format!("{page}?from=mail"),
        20..30 if page != "/" => format!("{page}/"),
        30..40 => page.to_uppercase(),
        40..80 => "/static/logo.svg".to_owned(),
        _ => page.to_owned(),
    }
}

/// The log lines that a reading stands for: none or one.
#[table(result = "line")]
pub(crate) fn log_lines(ts: Timestamp, temperature: f64, humidity: f64) -> Option<String> {
    let mut dice = Dice::of_reading(humidity, temperature);
    if !dice.chance(0.05) {
        return None;
    }
    let number = dice.below(9_000) + 1_000;
    let (level, service, message) = match dice.below(200) {
        0 => return Some("-- error: the log was cut here --".to_owned()),
        1 | 2 => (
            "ERROR",
            "payment",
            format!("card of order {number} declined"),
        ),
        3 => ("ERROR", "search", format!("no answer after {number} ms")),
        4..10 => (
            "WARN",
            "mail",
            format!("message {number} sent again after an error"),
        ),
        10..40 => ("INFO", "import", format!("{number} rows and 0 errors")),
        _ => ("INFO", "shop", format!("order {number} placed")),
    };
    Some(format!("{ts} {level} {service}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log_line::{has_error, log_entry},
        page::clean_page,
    };

    /// Measures like those of the generator.
    fn measures() -> impl Iterator<Item = (Timestamp, f64, f64)> {
        (0..50_000_u64).map(|reading| {
            let mut dice = Dice::new(reading);
            let ts = Timestamp(10 * 60 * MINUTE + reading.cast_signed() * MINUTE / 100);
            (ts, 100.0 * dice.fraction(), 100.0 * dice.fraction())
        })
    }

    #[test]
    fn most_requests_are_views_of_pages() {
        let all: Vec<View> = measures()
            .flat_map(|(ts, temperature, humidity)| views(ts, "s007", temperature, humidity))
            .collect();
        assert!((2_500..4_500).contains(&all.len()), "{}", all.len());
        let good = all.iter().filter(|view| clean_page(&view.page).is_ok());
        let bad = all.len() - good.count();
        assert!((1..50).contains(&bad), "{bad}");
        assert!(all.iter().all(|view| view.visitor == "v007"));
    }

    #[test]
    fn visitors_come_and_go() {
        let slots: Vec<bool> = (0..600)
            .map(|slot| is_visiting("s001", Timestamp(slot * 20 * MINUTE)))
            .collect();
        let there = slots.iter().filter(|&&there| there).count();
        assert!((70..130).contains(&there), "{there}");
    }

    #[test]
    fn some_lines_have_errors_and_some_of_those_no_form() {
        let lines: Vec<String> = measures()
            .filter_map(|(ts, temperature, humidity)| log_lines(ts, temperature, humidity))
            .collect();
        let errors: Vec<&String> = lines.iter().filter(|line| has_error(line)).collect();
        assert!((2_200..2_800).contains(&lines.len()), "{}", lines.len());
        assert!((80..170).contains(&errors.len()), "{}", errors.len());
        let formless = errors.iter().filter(|line| log_entry(line).is_err());
        assert!((3..30).contains(&formless.count()));
    }
}
