//! A plan of nearly everything that has a time, in words.

use super::*;

/// A file that uses what `weather.toml` does not.
pub(super) const TRAFFIC: &str = include_str!("traffic.toml");

#[test]
fn a_plan_says_what_has_a_time() {
    check(
        TRAFFIC,
        r"
pipeline traffic
  parallelism   2
  dead letters  kept for the case; more than 1000 in a row stop the job

source cars
  reads         test
  event time    ts in ms, watermark 1s behind, idle after 30s
  on error      dead-letter
  columns       ts     timestamp
                plate  utf8?
                gate   utf8?
                speed  float64?

source trains
  reads         stdin, csv
  event time    ts in rfc3339, watermark 0s behind
  on error      dead-letter
  columns       ts     timestamp
                line   utf8?
                gate   utf8?
                speed  float64?

table gates
  reads         file gates.csv, csv
  reads again   if a file has changed, looked at every 10s
  columns       id     utf8?
                name   utf8?
                speed  float64?

table lines
  reads         test
  columns       line   utf8?
                owner  utf8?

stage named
  from          cars
  exchange      none
  lookup        gates, gate = id; what is not there gets nulls
  columns       ts           timestamp
                plate        utf8?
                gate         utf8?
                speed        float64?
                name         utf8?
                gates_speed  float64?

stage owned
  from          trains
  exchange      none
  lookup        lines, line = line; what is not there is left out
  columns       owner  utf8?
                ts     timestamp
                gate   utf8?

stage crossings
  from          named
  exchange      hash exchange on gate
  window        tumbling 1m, in event time
  emits         when a window closes, and again when a late row changes it
  lateness      rows count until 10s after the end
  aggregate     count() -> count: int64 of std (0123456789ab)
  late rows     to late
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  replaces      by gate, window_start, window_end
  columns       gate          utf8?
                window_start  timestamp
                window_end    timestamp
                cars          int64

stage busy
  from          crossings
  exchange      gather
  window        those of the input, in event time
  top           the first 3 by cars descending, gate ascending
  emits         ranks that have changed, after every batch
  reads         rows that replace each other, by gate, window_start, window_end
  replaces      by rank, window_start, window_end
  columns       gate          utf8?
                window_start  timestamp
                window_end    timestamp
                cars          int64
                rank          int64

stage growing
  from          named
  exchange      gather
  window        cumulate 1h in steps of 5m, in event time
  emits         every 5s what has changed, and when a window closes
  aggregate     count() -> count: int64 of std (0123456789ab)
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  replaces      by window_start, window_end
  columns       window_start  timestamp
                window_end    timestamp
                count         int64

stage drives
  from          cars
  exchange      hash exchange on plate
  window        session with a gap of 30s, in processing time
  emits         when a window closes
  aggregate     count() -> count: int64 of std (0123456789ab)
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       plate         utf8?
                window_start  timestamp
                window_end    timestamp
                count         int64

stage lately
  from          cars
  exchange      hash exchange on gate
  window        rolling 3 rows and 1 following, in event time
  emits         for each row, when the watermark has passed it with those that follow
  aggregate     mean(value: float64) -> mean: float64? of std (0123456789ab)
                value = speed
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       gate   utf8?
                ts     timestamp
                speed  float64?

stage hundreds
  from          cars
  exchange      gather
  window        count of 100
  emits         when a window is full, and at the end of the input
  aggregate     count() -> count: int64 of std (0123456789ab)
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       count  int64

stage closed
  from          cars
  with          owned
  exchange      left: hash exchange on gate
                right: hash exchange on gate
  join          left, gate = gate
  within        the right row at most 10s after the left one, not before it
  late rows     of the left side, to late_cars
  columns       gate      utf8?
                plate     utf8?
                owner     utf8?
                owned_ts  timestamp?

stage met
  from          cars
  with          trains
  exchange      left: hash exchange on gate
                right: hash exchange on gate
  join          full, gate = gate
  window        tumbling 1m, in event time
  columns       window_start  timestamp
                window_end    timestamp
                ts            timestamp?
                plate         utf8?
                gate          utf8?
                speed         float64?
                trains_ts     timestamp?
                line          utf8?
                trains_speed  float64?

stage fast
  from          cars
  exchange      hash exchange on plate
  process       jumps(temperature: float64) -> alarm: utf8 of weather.wasm (0123456789ab)
                temperature = speed
  state         a key is forgotten 1h after its last row, in event time
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       ts     timestamp
                plate  utf8?
                gate   utf8?
                speed  float64?
                alarm  utf8?

stage total
  from          cars
  exchange      gather
  window        global
  emits         after every batch that changes a window
  aggregate     count() -> count: int64 of std (0123456789ab)
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  replaces      the row before
  columns       count  int64

sink busiest_out
  from          busy
  exchange      gather
  writes        test
  replaces      by rank, window_start, window_end
  columns       gate          utf8?
                window_start  timestamp
                window_end    timestamp
                cars          int64
                rank          int64

sink growing_out
  from          growing
  exchange      gather
  writes        blackhole
  replaces      by window_start, window_end; all of them are written
  columns       window_start  timestamp
                window_end    timestamp
                count         int64

sink drives_out
  from          drives
  exchange      gather
  writes        blackhole
  columns       plate         utf8?
                window_start  timestamp
                window_end    timestamp
                count         int64

sink lately_out
  from          lately
  exchange      gather
  writes        blackhole
  columns       gate   utf8?
                ts     timestamp
                speed  float64?

sink hundreds_out
  from          hundreds
  exchange      gather
  writes        blackhole
  columns       count  int64

sink closed_out
  from          closed
  exchange      gather
  writes        blackhole
  columns       gate      utf8?
                plate     utf8?
                owner     utf8?
                owned_ts  timestamp?

sink met_out
  from          met
  exchange      gather
  writes        blackhole
  columns       window_start  timestamp
                window_end    timestamp
                ts            timestamp?
                plate         utf8?
                gate          utf8?
                speed         float64?
                trains_ts     timestamp?
                line          utf8?
                trains_speed  float64?

sink fast_out
  from          fast
  exchange      gather
  writes        blackhole
  columns       ts     timestamp
                plate  utf8?
                gate   utf8?
                speed  float64?
                alarm  utf8?

sink total_out
  from          total
  exchange      gather
  writes        blackhole
  replaces      the row before; all of them are written
  columns       count  int64

sink late
  from          late rows of crossings
  exchange      gather
  writes        test
  columns       ts           timestamp
                plate        utf8?
                gate         utf8?
                speed        float64?
                name         utf8?
                gates_speed  float64?

sink late_cars
  from          late rows of closed
  exchange      gather
  writes        test
  columns       ts     timestamp
                plate  utf8?
                gate   utf8?
                speed  float64?
",
    );
}
