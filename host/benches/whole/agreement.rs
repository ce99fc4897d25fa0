//! Whether both sides do the same.

use anyhow::ensure;

use super::{case::Case, data::Data, product::Product};

/// How far sums may differ, as a share of the sum: they are added up in different orders.
const TOLERANCE: f64 = 1e-9;

/// Runs both sides once and compares what comes out.
pub(crate) fn check(case: &Case, data: &Data<'_>, product: &Product) -> anyhow::Result<()> {
    let sides = case.sides(data, product)?;
    let [one, other] = [sides[0].add_up()?, sides[1].add_up()?];
    let [name, baseline] = case.names();
    println!(
        "{case}: {} rows, {} late, sum {:.6} ({name}); {} rows, {} late, sum {:.6} ({baseline})",
        one.rows, one.late, one.sum, other.rows, other.late, other.sum,
    );
    ensure!(
        (one.rows, one.late) == (other.rows, other.late),
        "they have different rows"
    );
    ensure!(
        one.rows > 0 && (one.sum - other.sum).abs() <= TOLERANCE * other.sum.abs(),
        "their sums are different"
    );
    Ok(())
}
