//! Functions for readings of temperatures.

const std = @import("std");
const tidemill = @import("tidemill");

/// The configuration of a stage.
const Config = struct {
    /// The temperature above which it is hot.
    threshold: f64 = 30.0,
};

var config: Config = .{};

fn isHot(row: struct { temperature: f64 }) bool {
    return row.temperature > config.threshold;
}

fn toFahrenheit(row: struct { celsius: f64 }) struct { fahrenheit: f64 } {
    return .{ .fahrenheit = row.celsius * 1.8 + 32.0 };
}

const Mean = struct {
    sum: f64 = 0,
    count: i64 = 0,

    pub fn update(mean: *Mean, row: struct { value: f64 }) void {
        mean.sum += row.value;
        mean.count += 1;
    }

    pub fn merge(mean: *Mean, other: Mean) void {
        mean.sum += other.sum;
        mean.count += other.count;
    }

    pub fn finish(mean: Mean) ?f64 {
        if (mean.count == 0) return null;
        return mean.sum / @as(f64, @floatFromInt(mean.count));
    }
};

pub const library = tidemill.library(.{
    .config = &config,
    .functions = .{
        .is_hot = tidemill.scalar(isHot, "Is this reading above the threshold?"),
        .to_fahrenheit = tidemill.scalar(toFahrenheit, "Converts degrees Celsius to degrees Fahrenheit."),
        .mean = tidemill.aggregate(Mean, "Arithmetic mean."),
    },
});

test "water boils at 212" {
    try std.testing.expectEqual(212.0, toFahrenheit(.{ .celsius = 100.0 }).fahrenheit);
}

test "the threshold itself is not hot" {
    try std.testing.expect(!isHot(.{ .temperature = 30.0 }));
}

test "a mean of nothing is null" {
    var mean: Mean = .{};
    try std.testing.expectEqual(null, mean.finish());
    mean.update(.{ .value = 1.0 });
    mean.merge(.{ .sum = 5.0, .count = 2 });
    try std.testing.expectEqual(2.0, mean.finish());
}
