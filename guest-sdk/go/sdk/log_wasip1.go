package tidemill

import (
	"runtime"
	"strings"
	"unsafe"
)

//go:wasmimport tidemill:udf/log@0.1.0 write
func hostWrite(level uint32, message unsafe.Pointer, length uint32)

func write(level uint32, message string) {
	message = strings.ToValidUTF8(message, "\uFFFD")
	hostWrite(level, unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
	runtime.KeepAlive(message)
}
