//go:build cgo

//lint:file-ignore SA5008 The odd tags are what is tested: encoding/json takes them too.

package maxim

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"
)

type (
	base      struct{ ID, Kind string }
	outerWins struct {
		base
		ID string
	}
	left      struct{ X, Both int }
	right     struct{ Y, Both int }
	ambiguous struct {
		left
		right
	}
	tagged struct {
		N int `json:"Both"`
	}
	tagWins struct {
		left
		tagged
	}
	taggedTwice struct {
		tagged
		M int `json:"Both"`
	}
	deep   struct{ outerWins }
	Linked struct {
		*Linked
		Name string
	}
	Pointed struct {
		*base
		Extra int
	}
	options struct {
		Number   int             `json:"number,string"`
		Float    float64         `json:",string"`
		Flag     bool            `json:"flag,string"`
		Text     string          `json:"text,string"`
		Pointer  *int            `json:"pointer,string"`
		Nil      *int            `json:"nil,string"`
		Numbers  []int           `json:"numbers,string"`
		When     time.Time       `json:"when,omitzero"`
		Never    time.Time       `json:"never"`
		Empty    string          `json:"empty,omitempty"`
		None     map[string]int  `json:"none,omitempty"`
		Struct   base            `json:"struct,omitempty"`
		Zero     base            `json:"zero,omitzero"`
		Left     string          `json:"-"`
		Dash     string          `json:"-,"`
		Odd      string          `json:"a\"b"`
		Named    string          `json:"größe.1/2"`
		Exact    json.Number     `json:"exact"`
		NoNumber json.Number     `json:"no_number"`
		Quoted   json.Number     `json:"quoted,string"`
		Single   float32         `json:"single"`
		Raw      json.RawMessage `json:"raw"`
		hidden   int
		Any      any `json:"any"`
	}
	counter struct{ n int }
)

func (c *counter) IsZero() bool { return c.n == 5 }

// A value that encoding/json refuses is written as encoding/json would write it, but for what it refuses.
func TestDegradedValuesAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	seven := 7
	values := []any{
		outerWins{base{"b", "k"}, "outer"}, ambiguous{left{1, 2}, right{3, 4}}, tagWins{left{1, 2}, tagged{3}},
		taggedTwice{tagged{1}, 2}, deep{outerWins{base{"b", "k"}, "outer"}}, &deep{}, Linked{&Linked{nil, "inner"}, "outer"},
		Pointed{nil, 1}, Pointed{&base{"b", "k"}, 2},
		options{}, &options{Number: 5, Float: 0.5, Text: `a"b<c>`, Pointer: &seven, Numbers: []int{1}, Exact: "12345678901234567890.123",
			Single: 0.1, Raw: json.RawMessage(` {"a": 1}`), hidden: 1, Any: map[string]any{"b": float32(16777216.5), "a": 1e21}},
		struct {
			C counter `json:"c,omitzero"`
			D counter `json:"d,omitzero"`
		}{counter{5}, counter{6}},
		map[int]string{10: "a", 9: "b"}, map[string]float32{"x": 3.4e38}, [3]bool{true},
	}
	for _, value := range values {
		wanted, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(degraded(value)); got != string(wanted) {
			t.Errorf("%T:\n got %s\nwant %s", value, got, wanted)
		}
	}
}

// What is refused stands beside what is not.
func TestWhatIsRefusedChangesNoOtherMember(t *testing.T) {
	type failure struct {
		base
		ID      string
		Err     error
		Ratio   float64     `json:"ratio,string"`
		Exact   json.Number `json:"exact"`
		NoDigit json.Number `json:"no_digit"`
	}
	value := failure{base{"inner", "k"}, "outer", errors.New("boom"), math.NaN(), "12345678901234567890.123", "x1"}
	const wanted = `{"Kind":"k","ID":"outer","Err":"boom","ratio":"NaN","exact":12345678901234567890.123,"no_digit":"x1"}`
	if got := string(degraded(value)); got != wanted {
		t.Errorf("got %s", got)
	}
}
