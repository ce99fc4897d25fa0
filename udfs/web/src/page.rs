//! Which requests are views of pages, and of which page.

use tidemill_sdk::prelude::*;

/// Was a page shown? Not what pages are made of (`/static/…`), and not what went wrong.
#[scalar]
pub(crate) fn is_page(page: &str, status: i64) -> bool {
    status == 200 && !page.starts_with("/static/")
}

/// The page in one spelling: in lower case, without a query, a fragment, or a slash at its end.
#[scalar(result = "page")]
pub(crate) fn clean_page(page: &str) -> Result<String, String> {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with('/') {
        return Err(format!("`{page}` is not a page"));
    }
    Ok(match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, expected: &str) {
        assert_eq!(clean_page(page).as_deref(), Ok(expected));
    }

    #[test]
    fn a_page_has_one_spelling() {
        check("/", "/");
        check("//", "/");
        check("/?from=mail", "/");
        check("/News/Eclipse/", "/news/eclipse");
        check("/news/eclipse#comments", "/news/eclipse");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        assert!(clean_page("").is_err());
        assert!(clean_page("news").is_err());
    }

    #[test]
    fn images_and_errors_are_no_views() {
        assert!(is_page("/news", 200));
        assert!(!is_page("/news", 404));
        assert!(!is_page("/static/logo.svg", 200));
    }
}
