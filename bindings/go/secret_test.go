package maxim

import (
	"fmt"
	"strings"
	"testing"
)

func TestAPrintedConfigurationShowsNoKey(t *testing.T) {
	const key = "sk-very-secret-1234"
	config, client := Config{APIKey: key, RepositoryID: "repo"}, LogClientConfig{APIKey: key, Source: "repo"}
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, printed := range []any{config, &config, client, &client, []Config{config}} {
			text := fmt.Sprintf(form, printed)
			if strings.Contains(text, key) || !strings.Contains(text, "repo") {
				t.Errorf("%s prints %s", form, text)
			}
		}
	}
	if config.APIKey != key || client.APIKey != key {
		t.Error("printing a configuration changes it")
	}
}
