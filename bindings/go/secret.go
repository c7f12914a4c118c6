package maxim

import "fmt"

// What a printed configuration shows in the place of its key.
const hidden = "***"

// Format prints a configuration by any verb without its key: configurations end up in logs.
func (c Config) Format(state fmt.State, verb rune) {
	type plain Config
	if c.APIKey != "" {
		c.APIKey = hidden
	}
	fmt.Fprintf(state, fmt.FormatString(state, verb), plain(c))
}

// Format prints a configuration by any verb without its key: configurations end up in logs.
func (c LogClientConfig) Format(state fmt.State, verb rune) {
	type plain LogClientConfig
	if c.APIKey != "" {
		c.APIKey = hidden
	}
	fmt.Fprintf(state, fmt.FormatString(state, verb), plain(c))
}
