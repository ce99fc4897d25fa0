//! Crossings as the devices send them, in one spelling.

use tidemill_sdk::prelude::*;

/// The most axles that a vehicle on a road has.
const MOST_AXLES: i64 = 12;

/// The plate in capitals and without spaces and dashes: `ab-12 34` becomes `AB1234`. Refuses a crossing
/// that lacks something or cannot be.
#[scalar(result = "plate")]
pub(crate) fn clean(
    crossing: Option<&str>,
    station: Option<&str>,
    plate: Option<&str>,
    axles: Option<i64>,
) -> Result<String, String> {
    let given = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    if !given(crossing) {
        return Err("the crossing has no number".to_owned());
    }
    if !given(station) {
        return Err("the station is missing".to_owned());
    }
    let axles = axles.ok_or("the number of axles is missing")?;
    if !(1..=MOST_AXLES).contains(&axles) {
        return Err(format!("no vehicle has {axles} axles"));
    }
    let letters = plate.unwrap_or_default().chars();
    let plate: String = letters
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect();
    if plate.is_empty() {
        return Err("the plate could not be read".to_owned());
    }
    Ok(plate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(plate: Option<&str>, axles: Option<i64>, expected: Result<&str, &str>) {
        let found = clean(Some("c1"), Some("N1"), plate, axles);
        let found = found.as_deref().map_err(String::as_str);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_plate_has_one_spelling() {
        check(Some("AB 1234"), Some(2), Ok("AB1234"));
        check(Some(" ab-12 34 "), Some(2), Ok("AB1234"));
        check(Some("mü 7"), Some(2), Ok("MÜ7"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        check(Some(" - "), Some(2), Err("the plate could not be read"));
        check(None, Some(2), Err("the plate could not be read"));
        check(Some("AB 1"), Some(0), Err("no vehicle has 0 axles"));
        check(Some("AB 1"), Some(13), Err("no vehicle has 13 axles"));
        check(Some("AB 1"), None, Err("the number of axles is missing"));
        assert!(clean(None, Some("N1"), Some("AB 1"), Some(2)).is_err());
        assert!(clean(Some("c1"), Some(" "), Some("AB 1"), Some(2)).is_err());
    }
}
