package deploy

import (
	"os"
	"strings"
	"testing"

	"surgicase/bootstrap"
)

// TestTheExampleOfSettingsIsOne has the program read the example, and looks for each name in the documentation.
func TestTheExampleOfSettingsIsOne(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"DATA_DIR": t.TempDir()}
	read(t, "../../deploy/surgicase.env.example", func(text []byte) error {
		for line := range strings.Lines(string(text)) {
			name, value, is := strings.Cut(strings.TrimSpace(line), "=")
			if !is || strings.HasPrefix(name, "#") {
				continue
			}
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("nobody reads %s", name)
			}
			env[name] = strings.Trim(value, "'")
		}
		return nil
	})
	env["METRICS_TOKEN"] = strings.Repeat("m", 32)
	if _, err := bootstrap.LoadConfig(env, true); err != nil || len(env) < 15 {
		t.Errorf("%d settings: %v", len(env), err)
	}
}
