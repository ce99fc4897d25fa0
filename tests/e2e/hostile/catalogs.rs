//! Libraries that cannot be told what they hold, or tell what cannot be.

use super::{Fails, Refused, Right, check};

const STAGE: &str = "map = \"hostile#next\"\nCONFIG";

#[test]
fn a_catalog_that_cannot_be_is_refused() {
    check(
        STAGE,
        &[
            ("configure:nothing", Refused("has no function `next`")),
            (
                "configure:ten-thousand",
                Refused("10000 functions, of at most 4096"),
            ),
            (
                "configure:twice",
                Refused("function 8, `next`: another function has the same name and parameters"),
            ),
            (
                "configure:empty-name",
                Refused("function 0, ``: a name is empty"),
            ),
            (
                "configure:long-name",
                Refused("a name has 1048576 bytes, of at most 128"),
            ),
            (
                "configure:control-name",
                Refused("the name `ne\\u{1b}[2Jxt` has control characters"),
            ),
            (
                "configure:control-column",
                Refused("result: the name `r\\nr` has control characters"),
            ),
            ("configure:empty-column", Refused("result: a name is empty")),
            (
                "configure:same-columns",
                Refused("result: two columns are called `r`"),
            ),
            (
                "configure:many-columns",
                Refused("513 columns as result, of at most 512"),
            ),
            ("configure:no-results", Refused("it has no results")),
            (
                "configure:state",
                Refused("its kind is scalar, which has no state"),
            ),
            (
                "configure:huge-doc",
                Refused("documentation of 1048576 bytes, of at most 65536"),
            ),
            ("configure:control-doc", Right("")),
            (
                "configure:unstable",
                Fails("the component's catalog is not the same for every instance"),
            ),
        ],
    );
}

#[test]
fn a_library_that_cannot_be_asked_is_refused() {
    check(
        STAGE,
        &[
            (
                "configure:abort",
                Refused("cannot be asked for its catalog: trap: unreachable"),
            ),
            (
                "configure:divide",
                Refused("cannot be asked for its catalog: trap: integer division by zero"),
            ),
            (
                "configure:dig",
                Refused("cannot be asked for its catalog: trap: "),
            ),
            (
                "configure:spin",
                Refused("cannot be asked for its catalog: took longer than 5s"),
            ),
            (
                "configure:hoard",
                Refused("cannot be asked for its catalog: out of memory: "),
            ),
        ],
    );
}

#[test]
fn a_configuration_that_is_refused_is_quoted_and_cut() {
    check(
        STAGE,
        &[
            (
                "configure:refuse",
                Refused("refuses its configuration: not this"),
            ),
            ("configure:refuse-long", Refused("xxx…")),
            (
                "configure:refuse-escapes",
                Refused("refuses its configuration: \\u{1b}[2J\\u{7}\\u{202e}gone\\r"),
            ),
            (
                "configure:refuse-silently",
                Refused("refuses its configuration: "),
            ),
        ],
    );
}
