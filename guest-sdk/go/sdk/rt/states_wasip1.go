package rt

// The exports of the two kinds with a state.

//go:wasmexport tidemill:udf/aggregate@0.1.0#init
func exportAggregateInit(place, count uint32) uint32 {
	defer finish()
	return initialize(place, count, Aggregate)
}

//go:wasmexport tidemill:udf/process@0.1.0#init
func exportProcessInit(place, count uint32) uint32 {
	defer finish()
	return initialize(place, count, Process)
}

func initialize(place, count uint32, kind Kind) uint32 {
	out := begin()
	function, err := lookup(place, kind)
	if err != nil {
		return fail(err)
	}
	function.Init(int(count), out)
	return answerState(function, int(count), out)
}

//go:wasmexport tidemill:udf/aggregate@0.1.0#migrate
func exportAggregateMigrate(place, version, fields, fieldCount, rows, columns, count uint32) uint32 {
	defer finish()
	return migrate(place, version, readFields(fields, fieldCount), rows, columns, count, Aggregate)
}

//go:wasmexport tidemill:udf/process@0.1.0#migrate
func exportProcessMigrate(place, version, fields, fieldCount, rows, columns, count uint32) uint32 {
	defer finish()
	return migrate(place, version, readFields(fields, fieldCount), rows, columns, count, Process)
}

func migrate(place, version uint32, fields []Field, rows, columns, count uint32, kind Kind) uint32 {
	out := begin()
	function, err := lookup(place, kind)
	if err != nil {
		return fail(err)
	}
	old := readBatch(&inputStates, rows, columns, count)
	function.Migrate(version, fields, old, out)
	return answerState(function, old.Rows, out)
}

//go:wasmexport tidemill:udf/aggregate@0.1.0#update
func exportUpdate(
	place, stateRows, stateColumns, stateCount, groups, groupsLength, rows, columns, count uint32,
) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Aggregate)
	if err != nil {
		return fail(err)
	}
	states := readBatch(&inputStates, stateRows, stateColumns, stateCount)
	in := readBatch(&input, rows, columns, count)
	members := memory[uint32](groups, groupsLength)
	if err := openBoth(function, states, members, in); err != nil {
		return fail(err)
	}
	function.Update(states, members, in, out)
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.state = writeColumns(kept.state, out.state, function.State)
	state, errors := span(kept.state), writeErrors(out.errors)
	return answer(stateRows, state.data, state.length, errors.data, errors.length)
}

//go:wasmexport tidemill:udf/process@0.1.0#process
func exportProcess(
	place, stateRows, stateColumns, stateCount, keys, keysLength, rows, columns, count uint32,
) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Process)
	if err != nil {
		return fail(err)
	}
	states := readBatch(&inputStates, stateRows, stateColumns, stateCount)
	in := readBatch(&input, rows, columns, count)
	members := memory[uint32](keys, keysLength)
	if err := openBoth(function, states, members, in); err != nil {
		return fail(err)
	}
	function.Update(states, members, in, out)
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.columns = writeColumns(kept.columns, out.columns, function.Results)
	kept.state = writeColumns(kept.state, out.state, function.State)
	state, results := span(kept.state), span(kept.columns)
	parents, errors := span(out.parents), writeErrors(out.errors)
	return answer(
		stateRows, state.data, state.length, results.data, results.length,
		parents.data, parents.length, errors.data, errors.length,
	)
}

func openBoth(function *Function, states *Batch, groups []uint32, in *Batch) error {
	if err := states.OpenState(function.State); err != nil {
		return err
	}
	if err := in.Open(function.Parameters); err != nil {
		return err
	}
	return checkGroups(groups, in.Rows, states.Rows)
}

//go:wasmexport tidemill:udf/aggregate@0.1.0#merge
func exportMerge(
	place, stateRows, stateColumns, stateCount, groups, groupsLength, rows, columns, count uint32,
) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Aggregate)
	if err != nil {
		return fail(err)
	}
	states := readBatch(&inputStates, stateRows, stateColumns, stateCount)
	partials := readBatch(&input, rows, columns, count)
	members := memory[uint32](groups, groupsLength)
	err = states.OpenState(function.State)
	if err == nil {
		err = partials.OpenState(function.State)
	}
	if err == nil {
		err = checkGroups(members, partials.Rows, states.Rows)
	}
	if err != nil {
		return fail(err)
	}
	function.Merge(states, members, partials, out)
	return answerState(function, states.Rows, out)
}

//go:wasmexport tidemill:udf/aggregate@0.1.0#finish
func exportFinish(place, rows, columns, count uint32) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Aggregate)
	states := readBatch(&inputStates, rows, columns, count)
	if err == nil {
		err = states.OpenState(function.State)
	}
	if err != nil {
		return fail(err)
	}
	function.Finish(states, out)
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.columns = writeColumns(kept.columns, out.columns, function.Results)
	results := span(kept.columns)
	return answer(rows, results.data, results.length)
}

// answerState answers with a batch of states.
func answerState(function *Function, rows int, out *Output) uint32 {
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.state = writeColumns(kept.state, out.state, function.State)
	state := span(kept.state)
	return answer(uint32(rows), state.data, state.length)
}
