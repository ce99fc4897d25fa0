package tidemill

// The levels of the contract's log, in its order.
const (
	levelDebug uint32 = iota
	levelInfo
	levelWarn
	levelError
)

// Debug writes a line for those who look for a fault to the host's log, with the name of the stage.
// In tests it goes to standard error.
func Debug(message string) { write(levelDebug, message) }

// Info writes a line for everyone.
func Info(message string) { write(levelInfo, message) }

// Warn writes a line about something that is not as it should be.
func Warn(message string) { write(levelWarn, message) }

// Error writes a line about something that failed.
func Error(message string) { write(levelError, message) }
