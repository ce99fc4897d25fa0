//! What becomes of the functions with a state when they are replaced by a newer version.

const tidemill = @import("tidemill");

const AverageV1 = struct {
    sum: f64 = 0,
    count: i64 = 0,
};

const Average = struct {
    pub const version = 2;

    sum: f64 = 0,
    count: i64 = 0,
    least: ?f64 = null,

    pub fn from(old: AverageV1) Average {
        return .{ .sum = old.sum, .count = old.count };
    }

    pub fn update(average: *Average, row: struct { value: f64 }) !void {
        if (row.value < -273.15) return error.BelowAbsoluteZero;
        average.sum += row.value;
        average.count += 1;
        average.least = @min(average.least orelse row.value, row.value);
    }

    pub fn merge(average: *Average, other: Average) void {
        average.sum += other.sum;
        average.count += other.count;
        if (other.least) |least| average.least = @min(average.least orelse least, least);
    }

    pub fn finish(average: Average) ?f64 {
        if (average.count == 0) return null;
        return average.sum / @as(f64, @floatFromInt(average.count)) - (average.least orelse 0);
    }
};

const AccountV1 = struct {
    balance: i64 = 0,
};

const Account = struct {
    pub const version = 2;

    balance: i64 = 0,
    rows: i64 = 0,

    pub fn from(old: AccountV1) Account {
        return .{ .balance = old.balance };
    }

    fn shown(state: Account) i64 {
        return state.balance * 1000 + state.rows;
    }
};

fn account(state: *Account, row: struct { amount: i64 }, out: *tidemill.Sink(struct { balance: i64 })) !void {
    const before = state.shown();
    state.balance += row.amount;
    if (state.balance < 0) return error.Overdrawn;
    state.rows += 1;
    if (row.amount == 0) return;
    if (row.amount >= 1000) out.emit(.{ .balance = before });
    out.emit(.{ .balance = state.shown() });
}

pub const library = tidemill.library(.{
    .functions = .{
        .average = tidemill.aggregate(Average, "Arithmetic mean, counted from the least value."),
        .account = tidemill.process(account, "The balance after each transaction, in thousandths, with their number."),
    },
});
