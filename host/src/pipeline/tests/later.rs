//! What is planned and not in this version is refused by name.

use super::*;

#[test]
fn keys_and_formats_of_a_later_version_are_refused() {
    let toml = SOURCE.replace("format = \"json\"", "format = \"avro\"\nfollow = true");
    check(
        &format!(
            "{toml}[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"x\"\nformat = \"arrow\"\n"
        ),
        r#"
error: format `avro` is not supported yet
 --> weather.toml:5:10
  |
5 | format = "avro"
  |          ^^^^^^

error: `follow` is not supported yet
 --> weather.toml:6:1
  |
6 | follow = true
  | ^^^^^^

error: format `arrow` is not supported yet
  --> weather.toml:13:10
   |
13 | format = "arrow"
   |          ^^^^^^^
"#,
    );
}
