package main

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"unicode"

	"tidemill/rt"
)

// prefix is what a comment begins with that speaks to us.
const prefix = "//tidemill:"

// directive is such a comment.
type directive struct {
	place token.Pos
	// kind is what stands after the prefix: `scalar`.
	kind    string
	options map[string]string
}

// directive returns the directive in a comment, if there is one.
func (l *library) directive(used map[*ast.Comment]bool, doc *ast.CommentGroup) *directive {
	if doc == nil {
		return nil
	}
	var found *directive
	for _, comment := range doc.List {
		text, ok := strings.CutPrefix(comment.Text, prefix)
		if !ok {
			continue
		}
		used[comment] = true
		words := strings.Fields(text)
		if len(words) == 0 {
			words = []string{""}
		}
		if found != nil {
			l.problem(comment.Pos(), "a second `%s…` above the same declaration", prefix)
		}
		found = &directive{comment.Pos(), words[0], map[string]string{}}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			found.options[key] = value
		}
	}
	return found
}

// options checks that a directive has no options but those allowed.
func (l *library) options(directive *directive, allowed ...string) {
	for key := range directive.options {
		known := false
		for _, name := range allowed {
			known = known || name == key
		}
		if !known {
			l.problem(directive.place, "`%s%s` takes no `%s`", prefix, directive.kind, key)
		}
	}
}

// version returns the option `version`, or 1.
func (l *library) version(directive *directive) uint32 {
	text, ok := directive.options["version"]
	if !ok {
		return 1
	}
	version, err := strconv.ParseUint(text, 10, 32)
	if err != nil || version == 0 {
		l.problem(directive.place, "`version=%s` is no whole number from 1 on", text)
	}
	return uint32(version)
}

// nameOf returns the option `name`, or the name of a declaration as the catalog writes it.
func nameOf(directive *directive, declared string) string {
	if name, ok := directive.options["name"]; ok {
		return name
	}
	return rt.SnakeCase(declared)
}

// describe returns what a comment says about name, as a sentence that can stand alone: what begins with
// the name of the function in Go begins with a verb or noun in the catalog.
func describe(doc *ast.CommentGroup, name string) string {
	if doc == nil {
		return ""
	}
	text := strings.TrimSpace(doc.Text())
	words := strings.Fields(text)
	if len(words) < 2 || words[0] != name {
		return text
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, name))
	if words[1] == "is" || words[1] == "are" {
		text = strings.TrimSpace(strings.TrimPrefix(text, words[1]))
	}
	for place, letter := range text {
		return string(unicode.ToUpper(letter)) + text[place+len(string(letter)):]
	}
	return text
}
