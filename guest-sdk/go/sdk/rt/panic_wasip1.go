package rt

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"tidemill"
)

// trap ends the instance.
func trap()

// finish ends a call. After a panic it writes one line to the log and ends the instance. Go itself would
// print the panic in many small pieces, each a line for the host, of which the last ones only are kept.
func finish() {
	arena.done = true
	if reason := recover(); reason != nil {
		tidemill.Error("panic" + origin() + ": " + describe(reason))
		trap()
	}
}

// origin says where the panic under way began.
func origin() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !isRuntime {
			return " in " + frame.Function + " (" + frame.File + ":" + strconv.Itoa(frame.Line) + ")"
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}

// describe says what a panic was about.
func describe(reason any) string {
	switch reason := reason.(type) {
	case error:
		return reason.Error()
	case interface{ String() string }:
		return reason.String()
	}
	if value := reflect.ValueOf(reason); value.Kind() == reflect.String {
		return value.String()
	}
	return "a value of the type " + reflect.TypeOf(reason).String()
}
