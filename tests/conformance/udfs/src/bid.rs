//! The bids of the Nexmark benchmark.

use tidemill_sdk::prelude::*;

use crate::clock::hour;

/// A price in another currency.
#[scalar(result = "price")]
pub(crate) fn converted(price: i64) -> f64 {
    0.908 * price as f64
}

/// Whether a bid was made by day, by night, or between.
#[scalar]
pub(crate) fn bid_time_type(time: Timestamp) -> &'static str {
    match hour(time) {
        8..=18 => "dayTime",
        0..=6 | 20.. => "nightTime",
        _ => "otherTime",
    }
}

/// Who has bid on what, in a column for each rank of prices; the others are null.
#[derive(Debug, Default, PartialEq, Row)]
pub(crate) struct ByPrice {
    rank1_bidder: Option<i64>,
    rank1_auction: Option<i64>,
    rank2_bidder: Option<i64>,
    rank2_auction: Option<i64>,
    rank3_bidder: Option<i64>,
    rank3_auction: Option<i64>,
}

/// Splits bids by price: those under ten thousand, those under a million, the others. An aggregate
/// over one of the columns then is one `filter (where price …)`.
#[scalar]
pub(crate) fn by_price(price: i64, bidder: i64, auction: i64) -> ByPrice {
    let (bidder, auction) = (Some(bidder), Some(auction));
    match price {
        ..10_000 => ByPrice {
            rank1_bidder: bidder,
            rank1_auction: auction,
            ..ByPrice::default()
        },
        10_000..1_000_000 => ByPrice {
            rank2_bidder: bidder,
            rank2_auction: auction,
            ..ByPrice::default()
        },
        _ => ByPrice {
            rank3_bidder: bidder,
            rank3_auction: auction,
            ..ByPrice::default()
        },
    }
}

/// The number of a channel: known ones by name, others as their address has it after
/// `&channel_id=`. Bids without one have no row.
#[table]
pub(crate) fn channel_id(channel: &str, url: &str) -> Option<String> {
    let known = ["apple", "google", "facebook", "baidu"];
    let place = known
        .iter()
        .position(|name| channel.eq_ignore_ascii_case(name));
    if let Some(place) = place {
        return Some(place.to_string());
    }
    // The first part of the address counts only if it is all there is before the next `&`.
    let mut parts = url.split('&');
    let id = parts.find_map(|part| part.strip_prefix("channel_id="))?;
    Some(id.to_owned())
}

/// The first folders of an address.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Directories<'a> {
    dir1: &'a str,
    dir2: &'a str,
    dir3: &'a str,
}

/// The fourth to sixth part of an address between slashes; empty where there is none.
#[scalar]
pub(crate) fn directories(url: &str) -> Directories<'_> {
    let mut parts = url.split('/').skip(3);
    let mut next = || parts.next().unwrap_or_default();
    Directories {
        dir1: next(),
        dir2: next(),
        dir3: next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_channels_have_fixed_numbers() {
        let id = |channel, url| channel_id(channel, url);
        assert_eq!(id("Apple", ""), Some("0".to_owned()));
        assert_eq!(id("BAIDU", "x&channel_id=7"), Some("3".to_owned()));
        assert_eq!(
            id("channel-1", "u?q=1&channel_id=7&a=b"),
            Some("7".to_owned())
        );
        assert_eq!(id("channel-1", "channel_id=7"), Some("7".to_owned()));
        assert_eq!(id("channel-1", "u?channel_id=7"), None);
    }

    #[test]
    fn folders_follow_the_host() {
        let found = directories("https://host/a/b/c/item.htm");
        assert_eq!((found.dir1, found.dir2, found.dir3), ("a", "b", "c"));
        assert_eq!(directories("https://host/a").dir2, "");
    }

    #[test]
    fn a_price_has_one_rank() {
        assert_eq!(by_price(9_999, 1, 2).rank1_bidder, Some(1));
        assert_eq!(by_price(10_000, 1, 2).rank2_auction, Some(2));
        assert_eq!(by_price(1_000_000, 1, 2).rank3_bidder, Some(1));
        assert_eq!(by_price(1_000_000, 1, 2).rank2_bidder, None);
    }

    #[test]
    fn night_ends_at_seven_and_day_begins_at_eight() {
        let hours = [6, 7, 8, 18, 19, 20].map(|hour| Timestamp::from_millis(hour * 3_600_000));
        let (night, other, day) = ("nightTime", "otherTime", "dayTime");
        assert_eq!(
            hours.map(bid_time_type),
            [night, other, day, day, other, night]
        );
    }
}
