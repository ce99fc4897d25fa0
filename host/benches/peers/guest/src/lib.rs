//! `to_fahrenheit` of `udfs/weather`, for the runtime of arrow-udf.

use arrow_udf::function;

#[function("to_fahrenheit(float64) -> float64")]
fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}
