package rt

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
)

// jsonObject has the entries of an object in their order.
type jsonObject []jsonEntry

type jsonEntry struct {
	key   string
	value any
}

// jsonNumber is a number as it is written.
type jsonNumber string

// assign sets target if the number fits into it without loss of digits before the point.
func (n jsonNumber) assign(target reflect.Value) bool {
	switch target.Kind() {
	case reflect.Float32, reflect.Float64:
		value, err := strconv.ParseFloat(string(n), target.Type().Bits())
		if err == nil {
			target.SetFloat(value)
		}
		return err == nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		value, err := strconv.ParseInt(string(n), 10, target.Type().Bits())
		if err == nil {
			target.SetInt(value)
		}
		return err == nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		value, err := strconv.ParseUint(string(n), 10, target.Type().Bits())
		if err == nil {
			target.SetUint(value)
		}
		return err == nil
	}
	return false
}

// describeJSON says what a value is, for errors.
func describeJSON(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case string:
		return "the text " + strconv.Quote(value)
	case jsonNumber:
		return "the number " + string(value)
	case jsonObject:
		return "an object"
	}
	return "an array"
}

// parseJSON reads one value: nil, a bool, a string, a jsonNumber, a jsonObject or a []any.
func parseJSON(text string) (any, error) {
	reader := jsonReader{rest: strings.TrimSpace(text)}
	value := reader.value()
	if reader.broken || reader.rest != "" {
		return nil, errors.New("the configuration is no JSON from `" + reader.rest + "` on")
	}
	return value, nil
}

// jsonReader reads JSON. The host writes it, so what is wrong with it needs no precise message.
type jsonReader struct {
	rest   string
	broken bool
}

// take skips white space and then token, if that comes next.
func (r *jsonReader) take(token string) bool {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	after, found := strings.CutPrefix(r.rest, token)
	r.rest = after
	return found
}

// need skips token, which must come next.
func (r *jsonReader) need(token string) {
	if !r.take(token) {
		r.broken = true
	}
}

func (r *jsonReader) value() any {
	switch {
	case r.take("{"):
		return r.object()
	case r.take("["):
		return r.array()
	case r.take(`"`):
		return r.text()
	case r.take("null"):
		return nil
	case r.take("true"):
		return true
	case r.take("false"):
		return false
	}
	end := strings.IndexFunc(r.rest, func(letter rune) bool { return !strings.ContainsRune("+-.0123456789eE", letter) })
	if end < 0 {
		end = len(r.rest)
	}
	number := jsonNumber(r.rest[:end])
	r.rest, r.broken = r.rest[end:], r.broken || end == 0
	return number
}

func (r *jsonReader) object() jsonObject {
	object := jsonObject{}
	if r.take("}") {
		return object
	}
	for !r.broken {
		r.need(`"`)
		key := r.text()
		r.need(":")
		object = append(object, jsonEntry{key, r.value()})
		if r.take("}") {
			break
		}
		r.need(",")
	}
	return object
}

func (r *jsonReader) array() []any {
	array := []any{}
	if r.take("]") {
		return array
	}
	for !r.broken {
		array = append(array, r.value())
		if r.take("]") {
			break
		}
		r.need(",")
	}
	return array
}

// text reads the rest of a string.
func (r *jsonReader) text() string {
	var text strings.Builder
	for {
		end := strings.IndexAny(r.rest, `"\`)
		if end < 0 || end+1 >= len(r.rest) && r.rest[end] == '\\' {
			r.broken = true
			return ""
		}
		text.WriteString(r.rest[:end])
		if r.rest[end] == '"' {
			r.rest = r.rest[end+1:]
			return text.String()
		}
		letter := r.rest[end+1]
		r.rest = r.rest[end+2:]
		if place := strings.IndexByte("bfnrt", letter); place >= 0 {
			text.WriteByte("\b\f\n\r\t"[place])
		} else if letter == 'u' {
			text.WriteRune(r.escaped())
		} else {
			text.WriteByte(letter)
		}
	}
}

// escaped reads the digits of one or two \u.
func (r *jsonReader) escaped() rune {
	letter := r.digits()
	if utf16.IsSurrogate(letter) && strings.HasPrefix(r.rest, `\u`) {
		r.rest = r.rest[2:]
		return utf16.DecodeRune(letter, r.digits())
	}
	return letter
}

func (r *jsonReader) digits() rune {
	if len(r.rest) < 4 {
		r.broken = true
		return 0
	}
	code, err := strconv.ParseUint(r.rest[:4], 16, 16)
	r.rest, r.broken = r.rest[4:], r.broken || err != nil
	return rune(code)
}
