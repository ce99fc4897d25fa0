package rt

// The exports of the contract's interfaces, and of those of its functions that keep no state.

// The batches that calls are given. There is one call at a time.
var input, inputStates Batch

// begin starts a call without arguments in memory as well as one with them.
func begin() *Output {
	if arena.done {
		release()
	}
	return output.begin()
}

//go:wasmexport tidemill:udf/catalog@0.1.0#configure
func exportConfigure(data, length uint32) uint32 {
	defer finish()
	begin()
	if err := configure(readText(data, length)); err != nil {
		return fail(err)
	}
	catalog := writeCatalog()
	return answer(catalog.data, catalog.length)
}

//go:wasmexport tidemill:udf/scalar@0.1.0#call
func exportScalar(place, rows, columns, count uint32) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Scalar)
	in := readBatch(&input, rows, columns, count)
	if err == nil {
		err = in.Open(function.Parameters)
	}
	if err != nil {
		return fail(err)
	}
	function.Call(in, out)
	return answerColumns(function, out)
}

//go:wasmexport tidemill:udf/holistic@0.1.0#evaluate
func exportHolistic(place, groupCount, groups, groupsLength, rows, columns, count uint32) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Holistic)
	in := readBatch(&input, rows, columns, count)
	if err == nil {
		err = in.Open(function.Parameters)
	}
	members := memory[uint32](groups, groupsLength)
	if err == nil {
		err = checkGroups(members, in.Rows, int(groupCount))
	}
	if err != nil {
		return fail(err)
	}
	function.Evaluate(&Groups{Count: int(groupCount), groups: members}, in, out)
	return answerColumns(function, out)
}

// answerColumns answers with results and errors.
func answerColumns(function *Function, out *Output) uint32 {
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.columns = writeColumns(kept.columns, out.columns, function.Results)
	results, errors := span(kept.columns), writeErrors(out.errors)
	return answer(results.data, results.length, errors.data, errors.length)
}

//go:wasmexport tidemill:udf/table@0.1.0#call
func exportTable(place, rows, columns, count uint32) uint32 {
	defer finish()
	out := begin()
	function, err := lookup(place, Table)
	in := readBatch(&input, rows, columns, count)
	if err == nil {
		err = in.Open(function.Parameters)
	}
	if err != nil {
		return fail(err)
	}
	function.Call(in, out)
	if err := out.check(); err != nil {
		return fail(err)
	}
	kept.columns = writeColumns(kept.columns, out.columns, function.Results)
	results, parents, errors := span(kept.columns), span(out.parents), writeErrors(out.errors)
	return answer(results.data, results.length, parents.data, parents.length, errors.data, errors.length)
}
