// Package sdk tests the parts of the SDK for Go that need no host.
package sdk

import (
	"errors"
	"strings"
	"testing"

	"tidemill/rt"
)

type settings struct {
	Threshold  float64
	Count      int32
	UserName   string `json:"user"`
	IsStrict   bool
	Weights    []float64
	ByName     map[string]int64
	Bounds     struct{ Low, High float64 }
	unexported int
}

func (s *settings) Validate() error {
	if s.Count < 0 {
		return errors.New("`count` is negative")
	}
	return nil
}

func TestAConfigurationIsReadIntoItsFields(t *testing.T) {
	got := settings{Threshold: 30, Count: 7}
	text := ` {"threshold": -1.5e2, "user": "a\"b\\\u00fc\ud83c\udf0a\n", "is_strict": true, "weights": [1, 2.5],
		"by_name": {"a": 1}, "bounds": {"high": 4}} `
	if err := rt.ReadConfig(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Threshold != -150 || got.Count != 7 || got.UserName != "a\"b\\ü🌊\n" || !got.IsStrict ||
		len(got.Weights) != 2 || got.Weights[1] != 2.5 || got.ByName["a"] != 1 || got.Bounds.High != 4 {
		t.Errorf("%+v", got)
	}
}

func TestAConfigurationThatDoesNotFitIsRefused(t *testing.T) {
	for text, expected := range map[string]string{
		`{"treshold": 1}`:        "unknown key `treshold`, expected `threshold`, `count`, `user`",
		`{"Threshold": 1}`:       "unknown key `Threshold`",
		`{"unexported": 1}`:      "unknown key `unexported`",
		`{"threshold": "high"}`:  "`threshold` is the text \"high\", not of the type float64",
		`{"threshold": null}`:    "`threshold` is null",
		`{"count": 1.5}`:         "`count` is the number 1.5, not of the type int32",
		`{"count": 3000000000}`:  "`count` is the number 3000000000",
		`{"count": -1}`:          "`count` is negative",
		`{"weights": [1, true]}`: "a value of `weights` is true",
		`{"bounds": {"mid": 1}}`: "unknown key `mid`",
		`[]`:                     "the configuration is an array",
		`{"count": 1`:            "no JSON",
		`{"count" 1}`:            "no JSON",
		`{} {}`:                  "no JSON",
		`{"user": "a`:            "no JSON",
	} {
		if err := rt.ReadConfig(text, &settings{}); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("of %s it is said: %v, want %s", text, err, expected)
		}
	}
}

func TestNamesOfGoBecomeThoseOfColumns(t *testing.T) {
	for name, expected := range map[string]string{
		"celsius": "celsius", "pricePerUnit": "price_per_unit", "UserID": "user_id", "HTTPStatus": "http_status", "a_b": "a_b",
	} {
		if got := rt.SnakeCase(name); got != expected {
			t.Errorf("SnakeCase(%q) = %q, want %q", name, got, expected)
		}
	}
}
