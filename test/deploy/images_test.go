package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	imageLines = regexp.MustCompile(`(?m)^\s*(?:FROM|image:)\s+([^\s@]+)`)
	pinLoop    = regexp.MustCompile(`(?m)^    for image in (.+); do$`)
)

// The command by which an operator pins the images names each of them: where we build no registry can be reached.
func TestImages_pinned(t *testing.T) {
	t.Parallel()
	var used []string
	for _, name := range []string{"../../deploy/Dockerfile", "../../deploy/compose.yml"} {
		for _, match := range imageLines.FindAllStringSubmatch(readText(t, name), -1) {
			used = append(used, match[1])
		}
	}
	loop := pinLoop.FindStringSubmatch(readText(t, "../../docs/operating.md"))
	if len(used) < 3 || len(loop) != 2 {
		t.Fatalf("images %q, command %q: not understood", used, loop)
	}
	named := strings.Fields(loop[1])
	slices.Sort(used)
	slices.Sort(named)
	if !slices.Equal(used, named) {
		t.Errorf("docs/operating.md pins %q, deploy/ uses %q", named, used)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
