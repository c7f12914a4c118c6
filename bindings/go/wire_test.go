package maxim

// How two lines are compared (tests/vectors: a line is entity, id, action and JSON data), and where the
// captured clients are at fault.

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// difference replaces what a step gave when it was captured.
type difference struct {
	why   string
	lines []string // an empty list: refused
}

const traceID = "bbbbbbbb-0000-4000-8000-000000000002"

// differences are by step. What holds for a kind of line stands in `normalise` instead.
var differences = map[int]difference{
	6: {"values of tags that are not strings are their JSON text, not Python's", []string{
		`session{id=aaaaaaaa-0000-4000-8000-000000000001-nst,action=create,data={"tags":{"i":"1","f":"1.5","b":"true",` +
			`"n":"null","l":"[1,\"a\"]","d":{"x":"1","y":{"z":"null"}},"dt":"2024-01-02T03:04:05Z"},` +
			`"startTimestamp":"2026-11-21T02:31:00+00:00"}}`}},
	49: {"tags that are null are no tags, as when they are not given", []string{
		`trace{id=` + traceID + `-null,action=create,data={"tags":{},"startTimestamp":"2026-11-21T02:31:00+00:00"}}`}},
	62: {"bytes have no place in JSON: the binding's caller chooses a text", []string{
		`trace{id=` + traceID + `,action=update,data={"tags":{"bytes":"{\"$b64\":\"AP8=\"}"}}}`}},
	73: {"an absent text is not a text in Go: the test gives the word null", []string{
		`trace{id=` + traceID + `,action=update,data={"input":"null"}}`}},
	84: {"an absent number is not a number in Go: the test gives NaN, which is refused", []string{}},
	96: {"a tool call without an id gets one, as everything else does", []string{
		`trace{id=` + traceID + `,action=add-tool-call,data={"id":"e7a6d4c2-9f0b-4c1d-8e5f-3a2b1c0d9e8f","name":"noid",` +
			`"startTimestamp":"2026-11-21T02:31:00+00:00"}}`}},
	158: {"a span in a span is made with AddSubSpan: a span has no span id to give", []string{
		`trace{id=` + traceID + `,action=add-span,data={"id":"dddddddd-0000-4000-8000-000000000004-5","tags":{},` +
			`"startTimestamp":"2024-01-02T03:04:05+00:00"}}`}},
	190: {"an id that ends in a newline is not an id", []string{}},
}

var (
	linePattern = regexp.MustCompile(`(?s)^([a-z_]+)\{id=([^,]*),action=([a-z-]+),data=(.*)\}$`)
	uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	// The capture ran in this minute; later times are the test's own.
	captured = regexp.MustCompile(`^2026-11-21T02:3`)
	timeLike = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)
)

// instant reads a date and time; one without an offset is UTC.
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// compareLines fails the test when lines differ, in number, order or content.
func compareLines(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d lines, not %d:\n  got  %s\n  want %s", name, len(got), len(want),
			strings.Join(got, "\n       "), strings.Join(want, "\n       "))
		return
	}
	for n := range want {
		gotLine, wantLine := normalise(got[n]), normalise(want[n])
		if !reflect.DeepEqual(gotLine, wantLine) {
			t.Errorf("%s:\n  got  %s\n  want %s\n  as   %v\n  and  %v", name, got[n], want[n], gotLine, wantLine)
		}
	}
}

// normalise takes a line apart and makes equal what is equal.
func normalise(line string) any {
	parts := linePattern.FindStringSubmatch(line)
	if parts == nil {
		return "not a line: " + line
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(parts[4]), &data); err != nil {
		return fmt.Sprintf("not JSON: %v: %s", err, line)
	}
	// Tags are strings; the captured client sends what it was given in some calls.
	if tags, ok := data["tags"].(map[string]any); ok {
		texts(tags)
	}
	// The captured client omits the id of an error.
	if parts[3] == "add-error" {
		delete(data, "id")
	}
	// And neither the size of a file nor the name of one that was given none.
	if parts[3] == "add-attachment" {
		delete(data, "size")
		if data["name"] == "unknown.bin" {
			delete(data, "name")
		}
	}
	return []any{parts[1], parts[2], parts[3], same(data)}
}

// texts makes texts of the values of tags, also of those inside objects.
func texts(tags map[string]any) {
	for key, value := range tags {
		switch v := value.(type) {
		case string:
		case map[string]any:
			texts(v)
		default:
			encoded, _ := json.Marshal(v)
			tags[key] = string(encoded)
		}
	}
}

// same makes equal what is equal: texts of JSON as JSON, times as instants, and current times and
// generated UUIDs as wildcards.
func same(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = same(member)
		}
		return v
	case []any:
		for n, element := range v {
			v[n] = same(element)
		}
		return v
	case string:
		var inner any
		if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
			if json.Unmarshal([]byte(v), &inner) == nil {
				return same(inner)
			}
		}
		if at, ok := instant(v); ok && timeLike.MatchString(v) {
			if captured.MatchString(v) || time.Since(at).Abs() < time.Hour {
				return "(now)"
			}
			return at.UnixMicro()
		}
		return uuidPattern.ReplaceAllStringFunc(v, func(id string) string {
			if strings.Contains(id, "-0000-4000-8000-") {
				return id
			}
			return "(uuid)"
		})
	}
	return value
}
