//go:build cgo

package maxim

// Which members a struct has in JSON, and under which names: the rules of encoding/json, for degrade.go.

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// member is one of a struct's members in JSON.
type member struct {
	name       string
	index      []int // of the field, through the structs that are embedded
	isTagged   bool
	isQuoted   bool
	omitsEmpty bool
	omitsZero  bool
}

// lists that membersOf has made, by type.
var lists sync.Map

// membersOf lists a struct's members in the order of its fields. Of several with one name that counts which is embedded
// least deeply, and of these the one that has its name from a tag; where that leaves several, none does.
func membersOf(t reflect.Type) []member {
	if known, is := lists.Load(t); is {
		return known.([]member)
	}
	byName := map[string][]member{}
	collect(t, nil, nil, func(each member) { byName[each.name] = append(byName[each.name], each) })
	var list []member
	for _, alike := range byName {
		if chosen, is := dominant(alike); is {
			list = append(list, chosen)
		}
	}
	slices.SortFunc(list, func(a, b member) int { return slices.Compare(a.index, b.index) })
	lists.Store(t, list)
	return list
}

// collect gives every field that may be a member to `found`; `outer` are the types that it is embedded in.
func collect(t reflect.Type, index []int, outer []reflect.Type, found func(member)) {
	if slices.Contains(outer, t) {
		return
	}
	for n := range t.NumField() {
		field := t.Field(n)
		tag := field.Tag.Get("json")
		if tag == "-" || !isWritten(field) {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if !isName(name) {
			name = ""
		}
		at := append(slices.Clone(index), n)
		inner := field.Type
		if inner.Name() == "" && inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if field.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			collect(inner, at, append(slices.Clone(outer), t), found)
			continue
		}
		has := func(option string) bool { return slices.Contains(strings.Split(options, ","), option) }
		found(member{
			name: cmp.Or(name, field.Name), index: at, isTagged: name != "", isQuoted: has("string") && isScalar(inner),
			omitsEmpty: has("omitempty"), omitsZero: has("omitzero"),
		})
	}
}

func dominant(alike []member) (member, bool) {
	rank := func(each member) int {
		if each.isTagged {
			return 2 * len(each.index)
		}
		return 2*len(each.index) + 1
	}
	slices.SortFunc(alike, func(a, b member) int { return cmp.Compare(rank(a), rank(b)) })
	return alike[0], len(alike) == 1 || rank(alike[0]) != rank(alike[1])
}

// isName says whether encoding/json takes a tag's text for a name.
func isName(text string) bool {
	return text != "" && strings.IndexFunc(text, func(letter rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", letter) && !unicode.IsLetter(letter) && !unicode.IsDigit(letter)
	}) < 0
}

// isScalar says whether the option "string" means anything for a type.
func isScalar(t reflect.Type) bool {
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 || t.Kind() == reflect.String
}

// in finds the member in a struct; there is none in an embedded pointer that is nil.
func (m member) in(v reflect.Value) (reflect.Value, bool) {
	for _, n := range m.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func (m member) isLeftOut(v reflect.Value) bool {
	return m.omitsEmpty && isEmpty(v) || m.omitsZero && isZero(v)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

type zeroer interface{ IsZero() bool }

// isZero asks the value's own IsZero, where it has one.
func isZero(v reflect.Value) bool {
	isNil := (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
	if isNil || !v.CanInterface() {
		return v.IsZero()
	}
	if own, is := v.Interface().(zeroer); is {
		return saysZero(own)
	}
	if reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[zeroer]()) {
		copied := reflect.New(v.Type())
		copied.Elem().Set(v)
		return saysZero(copied.Interface().(zeroer))
	}
	return v.IsZero()
}

// saysZero is false where the value's method panics: it is written then.
func saysZero(value zeroer) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return value.IsZero()
}
