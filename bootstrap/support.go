package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/clickup"
	"surgicase/adapters/nobugs"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// SupportConfig is where bug reports go.
type SupportConfig struct {
	BugTracker Choice  `env:"BUG_TRACKER" envDefault:"none" doc:"where bug reports are filed besides: none or clickup"`
	ClickUp    ListURL `env:"CLICKUP_LIST_URL" doc:"with BUG_TRACKER=clickup: the address of the list; or CLICKUP_LIST_URL in the secret surgicase/main"`
	ClickToken Token   `env:"CLICKUP_API_TOKEN" doc:"with BUG_TRACKER=clickup: the API token; or CLICKUP_API_TOKEN in the secret surgicase/main"`
	ClickAPI   ListURL `env:"CLICKUP_API_URL" doc:"with BUG_TRACKER=clickup: where its API is, if not at https://api.clickup.com"`
}

// MainSecret is the old product's secret with many settings in it.
const MainSecret = "surgicase/main" //nolint:gosec // the name of a secret, not a secret

// ListURL is an absolute URL of the web.
type ListURL string

// UnmarshalText reads the URL.
func (l *ListURL) UnmarshalText(text []byte) error {
	*l = ListURL(text)
	u, err := url.Parse(string(text))
	if len(text) > 0 && (err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.Contains(string(text), "@")) {
		return holds(shownURL(string(text)), "an https URL without user and password")
	}
	return nil
}

// Token is a setting that prints as nothing.
type Token struct{ text string }

// UnmarshalText takes any text.
func (t *Token) UnmarshalText(text []byte) error {
	t.text = strings.TrimSpace(string(text))
	return nil
}

// String says nothing of it.
func (Token) String() string { return "(token)" }

// GoString is String for %#v.
func (t Token) GoString() string { return t.String() }

// mainSetting gives a setting of the old product's secret, empty if it is not there.
func mainSetting(ctx context.Context, secrets ports.Secrets, name string) (string, error) {
	stored, err := secrets.Get(ctx, MainSecret)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	var all map[string]any
	if err != nil || json.Unmarshal(stored, &all) != nil {
		return "", err
	}
	text, _ := all[name].(string)
	return strings.TrimSpace(text), nil
}

// openTracker opens the configured bug tracker. It connects to nothing yet.
func openTracker(c Config, secrets ports.Secrets) (ports.BugTracker, error) {
	return trackers[string(c.BugTracker)](context.Background(), c, secrets)
}

func openNoBugs(context.Context, Config, ports.Secrets) (ports.BugTracker, error) {
	return nobugs.Tracker{}, nil
}

func openClickUp(ctx context.Context, c Config, secrets ports.Secrets) (ports.BugTracker, error) {
	list := string(c.ClickUp)
	if list == "" {
		var err error
		if list, err = mainSetting(ctx, secrets, "CLICKUP_LIST_URL"); err != nil {
			return nil, err
		}
	}
	token := func(ctx context.Context) (string, error) {
		if c.ClickToken.text != "" {
			return c.ClickToken.text, nil
		}
		found, err := mainSetting(ctx, secrets, "CLICKUP_API_TOKEN")
		if err == nil && found == "" {
			err = fault.New(fault.NotFound, "secret_not_found", "there is no CLICKUP_API_TOKEN")
		}
		return found, err
	}
	switch _, err := token(ctx); {
	case list == "":
		return nil, ConfigFaults{`CLICKUP_LIST_URL holds ""; with BUG_TRACKER=clickup it may hold only the address of a list, such as https://app.clickup.com/1/v/li/9`}
	case errors.Is(err, fault.NotFound):
		return nil, ConfigFaults{`CLICKUP_API_TOKEN holds ""; with BUG_TRACKER=clickup it may hold only an API token`}
	}
	return clickup.Open(clickup.Config{API: string(c.ClickAPI), List: list, Token: token})
}

// trackerFinding says whether bug reports go where they should.
func (c Config) trackerFinding(secrets ports.Secrets) []cli.Finding {
	if c.BugTracker == "none" {
		return nil
	}
	_, err := openTracker(c, secrets)
	return []cli.Finding{found("bug tracker", "list and token of "+string(c.BugTracker)+" are set", err)}
}
