//go:build cgo

package maxim

import (
	"encoding/json"
	"fmt"
	"net/url"
)

// What a printed configuration shows in the place of its key.
const hidden = "***"

// Format prints a configuration by any verb without its key: configurations end up in logs.
func (c Config) Format(state fmt.State, verb rune) {
	type plain Config
	fmt.Fprintf(state, fmt.FormatString(state, verb), plain(c.shown()))
}

// Format prints what is said of OTLP by any verb without its headers.
func (o OTLP) Format(state fmt.State, verb rune) {
	type plain OTLP
	hide([]*string{&o.Headers}, []*string{&o.URL})
	fmt.Fprintf(state, fmt.FormatString(state, verb), plain(o))
}

// MarshalJSON writes what is said of OTLP without its headers.
func (o OTLP) MarshalJSON() ([]byte, error) {
	type plain OTLP
	hide([]*string{&o.Headers}, []*string{&o.URL})
	return json.Marshal(plain(o))
}

// MarshalJSON writes a configuration without its key and its hooks.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	return json.Marshal(plain(c.shown()))
}

// shown is the configuration as it may be seen.
func (c Config) shown() Config {
	hide([]*string{&c.APIKey, &c.OTLP.Headers}, []*string{&c.BaseURL, &c.Proxy, &c.OTLP.URL})
	return c
}

// Format prints a configuration by any verb without its key: configurations end up in logs.
func (c LogClientConfig) Format(state fmt.State, verb rune) {
	type plain LogClientConfig
	fmt.Fprintf(state, fmt.FormatString(state, verb), plain(c.shown()))
}

// MarshalJSON writes a configuration without its key and its hooks.
func (c LogClientConfig) MarshalJSON() ([]byte, error) {
	type plain LogClientConfig
	return json.Marshal(plain(c.shown()))
}

// shown is the configuration as it may be seen.
func (c LogClientConfig) shown() LogClientConfig {
	hide([]*string{&c.APIKey, &c.OTLP.Headers}, []*string{&c.Endpoint, &c.Proxy, &c.OTLP.URL})
	return c
}

// hide takes what is secret out of keys and addresses.
func hide(keys, addresses []*string) {
	for _, key := range keys {
		*key = hiddenKey(*key)
	}
	for _, address := range addresses {
		*address = hiddenUser(*address)
	}
}

func hiddenKey(key string) string {
	if key == "" {
		return ""
	}
	return hidden
}

// hiddenUser is a URL without the name and password in it.
func hiddenUser(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return hidden
	}
	if parsed.User != nil {
		parsed.User = url.User(hidden)
	}
	return parsed.String()
}
