//! What authors see when they write something that cannot work.

#[test]
fn errors_point_at_the_authors_line() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
