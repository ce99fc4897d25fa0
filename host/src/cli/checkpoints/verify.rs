//! Reads all of every checkpoint.

use crate::checkpoint::{CheckpointStore, Damage, Listed};

/// What is found, and whether nothing is wrong.
///
/// # Errors
///
/// If the place cannot be read.
pub(super) fn all(store: &CheckpointStore, listed: &[Listed]) -> anyhow::Result<(String, bool)> {
    let (mut text, mut is_whole) = (String::new(), true);
    for Listed {
        number,
        is_discarded,
        ..
    } in listed
    {
        if *is_discarded {
            text.push_str(&format!(
                "checkpoint {number} does not count: the job went on without it\n"
            ));
            continue;
        }
        match store.read(*number) {
            Ok(_) => text.push_str(&format!("checkpoint {number} is whole\n")),
            Err(error) if !error.is::<Damage>() => return Err(error),
            // The job may have removed it since it was listed.
            Err(error) if is_there(store, *number)? => {
                is_whole = false;
                text.push_str(&format!("checkpoint {number} is damaged: {error:#}\n"));
            }
            Err(_) => {}
        }
    }
    Ok((text, is_whole))
}

/// Whether the checkpoint still is listed.
fn is_there(store: &CheckpointStore, number: u64) -> anyhow::Result<bool> {
    Ok(store.list()?.iter().any(|listed| listed.number == number))
}
