//go:build !wasip1

package tidemill

import "os"

func write(level uint32, message string) {
	names := [...]string{"debug", "info", "warn", "error"}
	os.Stderr.WriteString(names[level] + ": " + message + "\n")
}
