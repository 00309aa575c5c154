package bootstrap

import (
	"fmt"
	"strings"
	"testing"

	"surgicase/adapters/clickup"
	"surgicase/adapters/envsecrets"
	"surgicase/adapters/nobugs"
)

func TestEveryBugTrackerOpensAndSaysWhatItLacks(t *testing.T) {
	const list, key = "https://app.clickup.com/1/v/li/9", "pk_geheim"
	for what, x := range map[string]struct {
		env  map[string]string
		want any
		line string
	}{
		"none":                 {map[string]string{}, nobugs.Tracker{}, ""},
		"settings":             {map[string]string{"CLICKUP_LIST_URL": list, "CLICKUP_API_TOKEN": key}, &clickup.Tracker{}, ""},
		"the old secret":       {map[string]string{"SURGICASE_MAIN": `{"CLICKUP_LIST_URL":"` + list + `","CLICKUP_API_TOKEN":"` + key + `","CLICKUP_ADD_BUGS":false}`}, &clickup.Tracker{}, ""},
		"no list":              {map[string]string{"CLICKUP_API_TOKEN": key}, nil, `CLICKUP_LIST_URL holds ""; with BUG_TRACKER=clickup`},
		"no token":             {map[string]string{"CLICKUP_LIST_URL": list}, nil, `CLICKUP_API_TOKEN holds ""; with BUG_TRACKER=clickup`},
		"a secret of no use":   {map[string]string{"SURGICASE_MAIN": `{"CLICKUP_LIST_URL":7,"CLICKUP_API_TOKEN":["x"]}`}, nil, `CLICKUP_LIST_URL holds ""`},
		"a secret that is odd": {map[string]string{"SURGICASE_MAIN": `hello`, "CLICKUP_LIST_URL": list}, nil, `CLICKUP_API_TOKEN holds ""`},
	} {
		if what != "none" {
			x.env["BUG_TRACKER"] = "clickup"
		}
		c, err := LoadConfig(x.env, false)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		tracker, err := openTracker(c, envsecrets.Open(x.env, t.TempDir()))
		if x.line != "" {
			if err == nil || !strings.HasPrefix(err.Error(), x.line) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if err != nil || fmt.Sprintf("%T", tracker) != fmt.Sprintf("%T", x.want) {
			t.Errorf("%s: %T, %v", what, tracker, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", c, c, c.ClickToken); strings.Contains(text, key) {
			t.Errorf("%s: the token is printed: %s", what, text)
		}
	}
	for name, value := range map[string]string{"BUG_TRACKER": "jira", "CLICKUP_LIST_URL": "9", "CLICKUP_API_URL": "ftp://x"} {
		if _, err := LoadConfig(map[string]string{name: value}, false); err == nil || !strings.HasPrefix(err.Error(), name+" holds ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
