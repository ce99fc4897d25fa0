package rt

import (
	"errors"
	"strconv"
	"strings"
)

// OpenVersion opens states that a version with the columns known has stored.
func OpenVersion(version uint32, stored, known []Field, old *Batch) error {
	same := len(stored) == len(known)
	for place := 0; same && place < len(known); place++ {
		same = stored[place].Name == known[place].Name && stored[place].Type == known[place].Type
	}
	if !same {
		return errors.New("version " + number(version) + " of the state has the fields " + list(stored) +
			", but here it has " + list(known) + ": fields that change need a new version")
	}
	return old.OpenState(known)
}

// UnknownVersion refuses states of a version that the library has no way from.
func UnknownVersion(version uint32) error {
	return errors.New("unknown version " + number(version))
}

func number(version uint32) string { return strconv.FormatUint(uint64(version), 10) }

func list(fields []Field) string {
	if len(fields) == 0 {
		return "(none)"
	}
	texts := make([]string, len(fields))
	for place, field := range fields {
		texts[place] = "`" + field.Name + ": " + field.Type.String() + "`"
	}
	return strings.Join(texts, ", ")
}
