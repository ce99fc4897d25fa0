//! The conformance library.

const std = @import("std");
const tidemill = @import("tidemill");

const Config = struct {
    threshold: f64 = 30.0,
};

var config: Config = .{};

fn isHot(row: struct { temperature: f64 }) bool {
    return row.temperature > config.threshold;
}

fn toFahrenheit(row: struct { celsius: f64 }) struct { fahrenheit: f64 } {
    return .{ .fahrenheit = row.celsius * 1.8 + 32.0 };
}

const Everything = struct {
    b: ?bool,
    i: ?i32,
    l: ?i64,
    f: ?f32,
    d: ?f64,
    t: ?tidemill.Timestamp,
    s: ?[]const u8,
    y: ?tidemill.Bytes,
};

fn echo(row: Everything) Everything {
    return row;
}

fn next(row: struct { l: i64 }) i64 {
    return row.l + 1;
}

fn divide(row: struct { a: i64, b: i64 }) !struct { quotient: i64 } {
    return .{ .quotient = try std.math.divTrunc(i64, row.a, row.b) };
}

fn shout(row: struct { text: []const u8 }) ![]const u8 {
    return std.mem.concat(tidemill.allocator, u8, &.{ row.text, "!" });
}

fn crash(row: struct { n: i64 }) struct { n: i64 } {
    if (row.n == 13) @panic("thirteen");
    return .{ .n = row.n };
}

const Word = struct {
    word: []const u8,
    position: i32,
};

fn words(row: struct { line: []const u8 }, out: *tidemill.Sink(Word)) !void {
    if (std.mem.eql(u8, row.line, "?")) return error.NoWords;
    var position: i32 = 0;
    var parts = std.mem.tokenizeScalar(u8, row.line, ' ');
    while (parts.next()) |word| : (position += 1) out.emit(.{ .word = word, .position = position });
}

const Average = struct {
    sum: f64 = 0,
    count: i64 = 0,

    pub fn update(average: *Average, row: struct { value: f64 }) !void {
        if (row.value < -273.15) return error.BelowAbsoluteZero;
        average.sum += row.value;
        average.count += 1;
    }

    pub fn merge(average: *Average, other: Average) void {
        average.sum += other.sum;
        average.count += other.count;
    }

    pub fn finish(average: Average) ?f64 {
        if (average.count == 0) return null;
        return average.sum / @as(f64, @floatFromInt(average.count));
    }
};

const Longest = struct {
    text: ?[]const u8 = null,
    nulls: i64 = 0,

    pub fn update(longest: *Longest, row: struct { text: ?[]const u8 }) void {
        if (row.text == null) longest.nulls += 1;
        longest.keepLonger(row.text);
    }

    pub fn merge(longest: *Longest, other: Longest) void {
        longest.nulls += other.nulls;
        longest.keepLonger(other.text);
    }

    pub fn finish(longest: Longest) struct { longest: ?[]const u8, nulls: i64 } {
        return .{ .longest = longest.text, .nulls = longest.nulls };
    }

    fn keepLonger(longest: *Longest, text: ?[]const u8) void {
        const given = text orelse return;
        const kept = longest.text orelse {
            longest.text = given;
            return;
        };
        if (given.len > kept.len) longest.text = given;
    }
};

fn median(group: struct { value: []const f64 }) !?f64 {
    if (group.value.len == 0) return null;
    for (group.value) |value| if (value < 0) return error.Negative;
    const sorted = try tidemill.allocator.dupe(f64, group.value);
    std.mem.sort(f64, sorted, {}, std.sort.asc(f64));
    return sorted[(sorted.len - 1) / 2];
}

const Account = struct {
    balance: i64 = 0,
};

fn account(state: *Account, row: struct { amount: i64 }, out: *tidemill.Sink(struct { balance: i64 })) !void {
    if (row.amount == 0) return;
    if (row.amount >= 1000) out.emit(.{ .balance = state.balance });
    state.balance += row.amount;
    if (state.balance < 0) return error.Overdrawn;
    out.emit(.{ .balance = state.balance });
}

pub const library = tidemill.library(.{
    .config = &config,
    .functions = .{
        .is_hot = tidemill.scalar(isHot, "Is this reading above the threshold?"),
        .to_fahrenheit = tidemill.scalar(toFahrenheit, "Converts degrees Celsius to degrees Fahrenheit."),
        .echo = tidemill.scalar(echo, "Gives back what it is given."),
        .next = tidemill.scalar(next, "The number after this one."),
        .divide = tidemill.scalar(divide, "Divides, and drops the remainder."),
        .shout = tidemill.scalar(shout, "Adds an exclamation mark."),
        .crash = tidemill.scalar(crash, "Crashes at 13."),
        .words = tidemill.table(words, "The words of a line, and their places."),
        .average = tidemill.aggregate(Average, "Arithmetic mean."),
        .longest = tidemill.aggregate(Longest, "The longest text, and how many were missing."),
        .median = tidemill.holistic(median, "The value in the middle."),
        .account = tidemill.process(account, "The balance after each transaction."),
    },
});
