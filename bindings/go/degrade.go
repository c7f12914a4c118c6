//go:build cgo

package maxim

// The JSON of values that encoding/json refuses: what cannot be written becomes a text that says what it was, and the
// rest of the value stays as it is.

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of what is looked at: a value may refer to its parts many times, which doubles with each level.
const (
	maxLevels = 100
	maxValues = 100_000
	// Values that encoding/json is given; it has no bound of its own.
	maxPlainValues = 2_000_000
)

// isEndless says whether there are more than so many values or levels in a value that may share its parts, each as often
// as it is referred to.
func isEndless(value any, left *int, levels int) bool {
	if *left--; *left < 0 || levels > maxLevels {
		return true
	}
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			if isEndless(member, left, levels+1) {
				return true
			}
		}
	case []any:
		for _, member := range v {
			if isEndless(member, left, levels+1) {
				return true
			}
		}
	}
	return false
}

// writer puts together JSON.
type writer struct {
	out    []byte
	path   []visit // what is being written, for values that hold themselves
	values int
}

// visit is a pointer, map or slice that is being written.
type visit struct {
	at     uintptr
	length int
	kind   reflect.Type
}

// degraded is the JSON of a value, whatever it is.
func degraded(value any) (encoded []byte) {
	defer func() {
		// Nothing in here is known to panic; a map that another goroutine changes might make it.
		if reason := recover(); reason != nil {
			w := writer{}
			w.text(throws(reason))
			encoded = w.out
		}
	}()
	w := writer{}
	w.value(reflect.ValueOf(value))
	return w.out
}

// holdsErrors says whether there is an error in a value or in what it refers to. encoding/json writes {} for most of
// them, because it does not ask for their text.
func holdsErrors(value any) bool {
	left := maxValues
	return findsError(reflect.ValueOf(&value).Elem(), &left, 0)
}

// findsError looks at so many values and levels.
func findsError(v reflect.Value, left *int, levels int) bool {
	if *left--; *left < 0 || levels > maxLevels || !v.IsValid() || !mayHoldErrors(v.Type()) {
		return false
	}
	in := func(inner reflect.Value) bool { return findsError(inner, left, levels+1) }
	switch v.Kind() {
	case reflect.Interface:
		held := v.Elem()
		return held.IsValid() && isPlainError(held.Type()) || in(held)
	case reflect.Pointer:
		return !v.IsNil() && (isPlainError(v.Type()) || in(v.Elem()))
	}
	if isMarshaledByPointer(v) {
		return false
	}
	if isPlainError(v.Type()) {
		return true
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for n := range v.Len() {
			if in(v.Index(n)) {
				return true
			}
		}
	case reflect.Map:
		for iterator := v.MapRange(); iterator.Next(); {
			if in(iterator.Value()) {
				return true
			}
		}
	case reflect.Struct:
		for n := range v.NumField() {
			if isWritten(v.Type().Field(n)) && in(v.Field(n)) {
				return true
			}
		}
	}
	return false
}

var (
	errorType         = reflect.TypeFor[error]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	numberType        = reflect.TypeFor[json.Number]()
)

// isPlainError says whether values of a type are errors that encoding/json knows nothing of.
func isPlainError(t reflect.Type) bool {
	return t.Implements(errorType) && !typeMarshalsItself(t)
}

func typeMarshalsItself(t reflect.Type) bool {
	return t.Implements(marshalerType) || t.Implements(textMarshalerType)
}

// isMarshaledByPointer says whether encoding/json asks the pointer to a value for its JSON, where it has one. What such a
// value holds is its own business: it may be guarded by a lock that only its method takes.
func isMarshaledByPointer(v reflect.Value) bool {
	return v.Kind() != reflect.Interface && v.Kind() != reflect.Pointer && v.CanAddr() &&
		!typeMarshalsItself(v.Type()) && typeMarshalsItself(reflect.PointerTo(v.Type()))
}

// isWritten says whether a struct's member may come into its JSON.
func isWritten(field reflect.StructField) bool {
	embedded := field.Type
	if embedded.Kind() == reflect.Pointer {
		embedded = embedded.Elem()
	}
	isRead := field.IsExported() || field.Anonymous && embedded.Kind() == reflect.Struct
	return isRead && field.Tag.Get("json") != "-"
}

// types that mayHoldErrors was asked about, and its answers.
var holders sync.Map

// mayHoldErrors says whether a value of a type can be an error or hold one: most types of data cannot, and need no look.
func mayHoldErrors(t reflect.Type) bool {
	if known, is := holders.Load(t); is {
		return known.(bool)
	}
	may := typeHoldsErrors(t, map[reflect.Type]bool{})
	holders.Store(t, may)
	return may
}

func typeHoldsErrors(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch {
	case t.Kind() == reflect.Interface:
		return true
	case typeMarshalsItself(t):
		return false
	case t.Implements(errorType):
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return typeHoldsErrors(t.Elem(), seen)
	case reflect.Struct:
		for n := range t.NumField() {
			if field := t.Field(n); isWritten(field) && typeHoldsErrors(field.Type, seen) {
				return true
			}
		}
	}
	return false
}

func marshalsItself(value any) bool {
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

func (w *writer) text(text string) {
	// Strings always have a JSON: what is not UTF-8 in them becomes U+FFFD.
	encoded, _ := json.Marshal(text)
	w.out = append(w.out, encoded...)
}

func (w *writer) value(v reflect.Value) {
	w.values++
	switch {
	case !v.IsValid():
		w.out = append(w.out, "null"...)
		return
	case w.values > maxValues:
		w.text("[left out]")
		return
	case len(w.path) >= maxLevels:
		w.text("[nested too deep]")
		return
	case v.CanInterface() && isMarshaledByPointer(v):
		v = v.Addr()
	}
	if v.CanInterface() && w.own(v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.out = strconv.AppendUint(w.out, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		w.number(v.Float(), v.Type().Bits())
	case reflect.String:
		w.string(v)
	case reflect.Interface:
		w.value(v.Elem())
	case reflect.Pointer:
		w.within(v, 0, func() { w.value(v.Elem()) })
	case reflect.Map:
		w.within(v, 0, func() { w.object(v) })
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 && !v.IsNil() {
			w.text(base64.StdEncoding.EncodeToString(v.Bytes()))
			return
		}
		w.within(v, v.Len(), func() { w.array(v) })
	case reflect.Array:
		w.nested(visit{}, func() { w.array(v) })
	case reflect.Struct:
		w.nested(visit{}, func() {
			w.out = append(w.out, '{')
			w.fields(v)
			w.out = append(w.out, '}')
		})
	case reflect.Complex64, reflect.Complex128:
		w.text(fmt.Sprint(v.Complex()))
	default: // channels, functions, bare pointers
		w.text("[" + v.Type().String() + "]")
	}
}

// number is a float; those that JSON does not have become their name, as slog's own handler has it.
func (w *writer) number(number float64, bits int) {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		w.text(strconv.FormatFloat(number, 'g', -1, bits))
		return
	}
	var exact any = number
	if bits == 32 {
		exact = float32(number)
	}
	encoded, _ := json.Marshal(exact)
	w.out = append(w.out, encoded...)
}

// string is a text, or the digits of a number that no type of Go's holds.
func (w *writer) string(v reflect.Value) {
	if v.Type() == numberType {
		if encoded, err := json.Marshal(json.Number(v.String())); err == nil {
			w.out = append(w.out, encoded...)
			return
		}
	}
	w.text(v.String())
}

// own writes what a value says of itself, if it does.
func (w *writer) own(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		return false
	}
	value := v.Interface()
	if at, is := value.(time.Time); is && at != inRange(at) {
		w.text(at.String()) // a year that JSON's dates do not have
		return true
	}
	switch method := value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		if isNilPointer(value) && v.Kind() == reflect.Pointer {
			w.out = append(w.out, "null"...)
			return true
		}
		encoded, err := marshalled(value)
		if err == nil {
			w.out = append(w.out, encoded...)
			return true
		}
		failed, is := err.(panicked)
		raw, isRaw := value.(json.RawMessage)
		switch {
		case isRaw:
			w.text(string(raw)) // no JSON: as text, what it was is kept
		case is:
			w.text(throws(failed.reason))
		default:
			w.text(throws(err))
		}
		return true
	case error:
		w.text(errorText(method))
		return true
	}
	return false
}

// within writes what a pointer, map or slice refers to, unless it is within itself.
func (w *writer) within(v reflect.Value, length int, write func()) {
	if v.IsNil() {
		w.out = append(w.out, "null"...)
		return
	}
	here := visit{v.Pointer(), length, v.Type()}
	if slices.Contains(w.path, here) {
		w.text("[Circular]")
		return
	}
	w.nested(here, write)
}

func (w *writer) nested(here visit, write func()) {
	w.path = append(w.path, here)
	write()
	w.path = w.path[:len(w.path)-1]
}

func (w *writer) array(v reflect.Value) {
	w.out = append(w.out, '[')
	for n := range v.Len() {
		if n > 0 {
			w.out = append(w.out, ',')
		}
		w.value(v.Index(n))
	}
	w.out = append(w.out, ']')
}

func (w *writer) object(v reflect.Value) {
	type member struct {
		name  string
		value reflect.Value
	}
	members := make([]member, 0, v.Len())
	for iterator := v.MapRange(); iterator.Next(); {
		members = append(members, member{keyName(iterator.Key()), iterator.Value()})
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	w.out = append(w.out, '{')
	for n, member := range members {
		if n > 0 {
			w.out = append(w.out, ',')
		}
		w.text(member.name)
		w.out = append(w.out, ':')
		w.value(member.value)
	}
	w.out = append(w.out, '}')
}

// keyName is the name of a map's member: JSON has texts only.
func keyName(key reflect.Value) string {
	if key.Kind() == reflect.String {
		return key.String()
	}
	if !key.CanInterface() {
		return key.String()
	}
	value := key.Interface()
	if method, is := value.(encoding.TextMarshaler); is {
		return fenced(value, func() string {
			name, err := method.MarshalText()
			if err != nil {
				return throws(err)
			}
			return string(name)
		})
	}
	return fenced(value, func() string { return fmt.Sprint(value) })
}

// fields writes a struct's members as encoding/json does.
func (w *writer) fields(v reflect.Value) {
	isFirst := true
	for _, member := range membersOf(v.Type()) {
		inner, is := member.in(v)
		if !is || member.isLeftOut(inner) {
			continue
		}
		if !isFirst {
			w.out = append(w.out, ',')
		}
		isFirst = false
		w.text(member.name)
		w.out = append(w.out, ':')
		start := len(w.out)
		w.value(inner)
		// The name of what is no number of JSON's is a text already.
		isNamed := w.out[start] == '"' && reflect.Indirect(inner).Kind() != reflect.String
		if written := string(w.out[start:]); member.isQuoted && !isNamed && written != "null" {
			w.out = w.out[:start]
			w.text(written)
		}
	}
}
