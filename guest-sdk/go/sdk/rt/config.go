package rt

import (
	"errors"
	"reflect"
	"strings"
	"unicode"
)

// ReadConfig reads the configuration of the stage, a JSON object, into the variable that target points
// to. What the object does not name keeps its value. It is stricter than encoding/json, and does not double
// the size of a component as that does: a key that is not there, a null, or a value of another type is an
// error that names the key.
//
// A method Validate of the variable may refuse what was read.
func ReadConfig(text string, target any) error {
	value, err := parseJSON(text)
	if err != nil {
		return err
	}
	if err := assign(reflect.ValueOf(target).Elem(), value, "the configuration"); err != nil {
		return err
	}
	if validated, ok := target.(interface{ Validate() error }); ok {
		return validated.Validate()
	}
	return nil
}

// assign sets target to a value of JSON. name says where it stands.
func assign(target reflect.Value, value any, name string) error {
	fits := false
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return assign(target.Elem(), value, name)
	case reflect.Struct:
		if object, ok := value.(jsonObject); ok {
			return assignFields(target, object)
		}
	case reflect.Map:
		if object, ok := value.(jsonObject); ok {
			return assignEntries(target, object)
		}
	case reflect.Slice:
		if array, ok := value.([]any); ok {
			return assignItems(target, array, name)
		}
	case reflect.Bool:
		var flag bool
		if flag, fits = value.(bool); fits {
			target.SetBool(flag)
		}
	case reflect.String:
		var text string
		if text, fits = value.(string); fits {
			target.SetString(text)
		}
	default:
		if number, ok := value.(jsonNumber); ok {
			fits = number.assign(target)
		}
	}
	if !fits {
		return errors.New(name + " is " + describeJSON(value) + ", not of the type " + target.Type().String())
	}
	return nil
}

func assignFields(target reflect.Value, object jsonObject) error {
	for _, entry := range object {
		place := fieldNamed(target.Type(), entry.key)
		if place < 0 {
			return errors.New("unknown key `" + entry.key + "`, expected " + fieldNames(target.Type()))
		}
		if err := assign(target.Field(place), entry.value, "`"+entry.key+"`"); err != nil {
			return err
		}
	}
	return nil
}

func assignEntries(target reflect.Value, object jsonObject) error {
	entries := reflect.MakeMap(target.Type())
	for _, entry := range object {
		value := reflect.New(target.Type().Elem()).Elem()
		if err := assign(value, entry.value, "`"+entry.key+"`"); err != nil {
			return err
		}
		entries.SetMapIndex(reflect.ValueOf(entry.key).Convert(target.Type().Key()), value)
	}
	target.Set(entries)
	return nil
}

func assignItems(target reflect.Value, array []any, name string) error {
	items := reflect.MakeSlice(target.Type(), len(array), len(array))
	for place, value := range array {
		if err := assign(items.Index(place), value, "a value of "+name); err != nil {
			return err
		}
	}
	target.Set(items)
	return nil
}

// fieldNamed returns the place of the field that a key means, or -1.
func fieldNamed(structure reflect.Type, key string) int {
	for place := range structure.NumField() {
		if field := structure.Field(place); field.IsExported() && keyOf(field) == key {
			return place
		}
	}
	return -1
}

func fieldNames(structure reflect.Type) string {
	var names []string
	for place := range structure.NumField() {
		if field := structure.Field(place); field.IsExported() {
			names = append(names, "`"+keyOf(field)+"`")
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// keyOf returns the key of a field: that of its tag `json:"key"`, or its name in snake_case.
func keyOf(field reflect.StructField) string {
	if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" {
		return key
	}
	return SnakeCase(field.Name)
}

// SnakeCase turns a name of Go into one of a column: `pricePerUnit` becomes `price_per_unit`, and `UserID`
// becomes `user_id`.
func SnakeCase(name string) string {
	var snake strings.Builder
	letters := []rune(name)
	for place, letter := range letters {
		if unicode.IsUpper(letter) && place > 0 && letters[place-1] != '_' {
			startsWord := !unicode.IsUpper(letters[place-1]) ||
				place+1 < len(letters) && unicode.IsLower(letters[place+1])
			if startsWord {
				snake.WriteByte('_')
			}
		}
		snake.WriteRune(unicode.ToLower(letter))
	}
	return snake.String()
}
