package maxim

// Whether the binding has all that the header has.

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryFunctionAndConstantOfTheHeaderIsBound(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "include/maxim.h"))
	must(t, err)
	header := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(content), "")
	functions := regexp.MustCompile(`\b(maxim_[a-z0-9_]+)\(`).FindAllStringSubmatch(header, -1)
	if len(functions) < 90 {
		t.Fatalf("only %d functions found in the header", len(functions))
	}

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

	inline := map[string]bool{"maxim_str_n": true, "maxim_str_z": true}
	for _, match := range functions {
		name := match[1]
		if inline[name] || used[name] || strings.HasPrefix(name, "maxim_detail") {
			continue
		}
		if !used["maxim_go_"+strings.TrimPrefix(name, "maxim_")] && !(name == "maxim_last_error" && strings.Contains(string(shim), name)) {
			t.Errorf("the binding does not have %s", name)
		}
	}
	version := regexp.MustCompile(`(?m)^#define MAXIM_VERSION_STRING "(.+)"$`).FindStringSubmatch(header)
	if version == nil || Version() != version[1] {
		t.Errorf("the library is of version %s, the header says %q", Version(), version)
	}
	constants := regexp.MustCompile(`(?m)^#define (MAXIM_(?:ERR|ENTITY|OVERFLOW|ATTACHMENT|RESULT|LEVEL|ENVIRONMENT|FORMAT)_\w+) -?\d+$`).
		FindAllStringSubmatch(header, -1)
	if len(constants) < 30 {
		t.Fatalf("only %d constants found in the header", len(constants))
	}
	for _, match := range constants {
		if !used[match[1]] {
			t.Errorf("the binding does not have %s", match[1])
		}
	}
}
