package maxim

// Whether the binding has all that the header has.

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryFunctionAndConstantOfTheHeaderIsBound(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "include/maxim.api.json"))
	must(t, err)
	var api struct {
		Version string
		Enums   []struct {
			Name   string
			Values []struct{ Name string }
		}
		Functions []struct {
			Name          string
			Entity        string
			ForC          bool   `json:"for_c"`
			DeprecatedFor string `json:"deprecated_for"`
		}
	}
	must(t, json.Unmarshal(content, &api))

	files, err := filepath.Glob("*.go")
	must(t, err)
	var binding strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source, err := os.ReadFile(file)
			must(t, err)
			binding.Write(source)
		}
	}
	used := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bC\.(maxim_\w+|MAXIM_\w+)`).FindAllStringSubmatch(binding.String(), -1) {
		used[name[1]] = true
	}
	shim, err := os.ReadFile("shim.h")
	must(t, err)

	for _, function := range api.Functions {
		name := function.Name
		if function.DeprecatedFor != "" {
			// The old method calls the new one.
			kind := camel(function.Entity)
			verb := camel(strings.TrimPrefix(name, "maxim_"+function.Entity))
			method := regexp.MustCompile(`func \(\w+ \*` + kind + `\) ` + verb + `\(`)
			if !method.MatchString(binding.String()) {
				t.Errorf("the binding does not have %s.%s", kind, verb)
			}
			continue
		}
		if function.ForC || used[name] || used["maxim_go_"+strings.TrimPrefix(name, "maxim_")] {
			continue
		}
		if name != "maxim_last_error" || !strings.Contains(string(shim), name) {
			t.Errorf("the binding does not have %s", name)
		}
	}
	if Version() != api.Version {
		t.Errorf("the library is of version %s, the header of %s", Version(), api.Version)
	}
	for _, enum := range api.Enums {
		// What C says with three numbers is a pointer to a bool.
		if enum.Name == "maxim_switch" {
			continue
		}
		for _, constant := range enum.Values {
			// Absent values are Go's zero values; success is no error.
			absent := constant.Name == "MAXIM_OK" || strings.HasSuffix(constant.Name, "_NONE")
			if !absent && !used[constant.Name] {
				t.Errorf("the binding does not have %s", constant.Name)
			}
		}
	}
}

// camel is `tool_call` as `ToolCall`.
func camel(name string) string {
	var camel string
	for _, part := range strings.Split(strings.Trim(name, "_"), "_") {
		camel += strings.ToUpper(part[:1]) + part[1:]
	}
	return camel
}
