package cmsnpi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

// RegistryURL is where CMS answers.
const RegistryURL = "https://npiregistry.cms.hhs.gov/api/"

// Config is how to open the registry.
type Config struct {
	URL     string           // empty for RegistryURL
	Now     func() time.Time // the age of answers is told by it
	Timeout time.Duration    // for a look-up with all its attempts, 5 s if 0
}

// Source of the bounds: spec/decisions.md 8.2, spec/formats.md a.
const (
	timeout      = 5 * time.Second
	largest      = 1 << 20 // bytes of an answer; a record has about 2,000
	mostFailures = 5       // one after the other, until nobody is sent to CMS any more
	restPeriod   = 30 * time.Second
)

// Registry is a ports.Registry that asks CMS. Answers are kept for a day, and longer while CMS fails.
type Registry struct {
	client  *retryablehttp.Client
	base    *url.URL
	timeout time.Duration
	now     func() time.Time
	breaker *gobreaker.CircuitBreaker[answer]
	kept    *memory
}

// answer is what CMS said of a number: a record, or that it knows none.
type answer struct {
	record npi.Record
	known  bool
	at     time.Time
}

// OpenRegistry opens the registry without asking it anything.
func OpenRegistry(c Config) (*Registry, error) {
	configured := c.URL != "" && c.URL != RegistryURL
	if !configured {
		c.URL = RegistryURL
	}
	if c.Timeout == 0 {
		c.Timeout = timeout
	}
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" {
		return nil, fault.New(fault.Invalid, "invalid_registry_url", "must be a URL")
	}
	r := &Registry{client: newClient(base, configured, true), base: base, timeout: c.Timeout, now: c.Now, kept: newMemory()}
	r.breaker = gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Timeout:      restPeriod,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= mostFailures },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, context.Canceled) },
	})
	return r, nil
}

// LookUp implements ports.Registry.
func (r *Registry) LookUp(ctx context.Context, number npi.NPI) (npi.Record, time.Duration, error) {
	earlier, found := r.kept.get(number)
	now := r.now()
	if found && earlier.fresh(now) {
		return earlier.tell(number, now)
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	said, err := r.breaker.Execute(func() (answer, error) { return r.ask(ctx, number) })
	switch {
	case err == nil:
		said.at = now
		r.kept.put(number, said)
		return said.tell(number, now)
	case found && earlier.known:
		return earlier.tell(number, now)
	case errors.Is(err, context.Canceled):
		return npi.Record{}, 0, err
	}
	return npi.Record{}, 0, fault.New(fault.Upstream, "npi_registry_failed", "The NPI registry does not answer at the moment.").Because(err)
}

func (a answer) tell(number npi.NPI, now time.Time) (npi.Record, time.Duration, error) {
	age := max(now.Sub(a.at), 0)
	if !a.known {
		return npi.Record{}, age, fault.New(fault.NotFound, "npi_not_found", "The registry knows no such NPI.").Naming("npi", number.String())
	}
	return a.record, age, nil
}

// ask does one look-up. Nothing but the number and the version goes to CMS.
func (r *Registry) ask(ctx context.Context, number npi.NPI) (answer, error) {
	target := *r.base
	target.RawQuery = url.Values{"version": {"2.1"}, "number": {number.String()}}.Encode()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "application/json")
	res, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !isJSON(res) {
		return answer{}, fmt.Errorf("status %d, %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, largest+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > largest {
		return answer{}, errors.New("the answer is too large")
	}
	return readAnswer(body, number)
}

// resultPage is what CMS sends. Errors come with status 200.
type resultPage struct {
	Errors []struct {
		Number string `json:"number"`
	} `json:"Errors"`
	Results *[]struct {
		Number json.RawMessage `json:"number"` // a string, in older versions a number
		Type   string          `json:"enumeration_type"`
		Basic  struct {
			FirstName        string `json:"first_name"`
			LastName         string `json:"last_name"`
			OrganizationName string `json:"organization_name"`
			Status           string `json:"status"`
			LastUpdated      string `json:"last_updated"`
		} `json:"basic"`
		Addresses []struct {
			Purpose string `json:"address_purpose"`
			Line    string `json:"address_1"`
			City    string `json:"city"`
			State   string `json:"state"`
			ZIP     string `json:"postal_code"`
		} `json:"addresses"`
	} `json:"results"`
}

func readAnswer(body []byte, number npi.NPI) (answer, error) {
	var page resultPage
	if err := json.Unmarshal(body, &page); err != nil {
		return answer{}, errors.New("the answer is not the JSON expected")
	}
	if len(page.Errors) > 0 || page.Results == nil {
		code := "none"
		if len(page.Errors) > 0 {
			code = page.Errors[0].Number
		}
		return answer{}, fmt.Errorf("the registry refused the question with error %q", code)
	}
	if len(*page.Results) == 0 {
		return answer{}, nil
	}
	one := (*page.Results)[0]
	switch {
	case strings.Trim(string(one.Number), `"`) != number.String():
		return answer{}, errors.New("the answer is about another NPI")
	case one.Basic.Status == "D":
		return answer{}, nil
	}
	if one.Type != "NPI-2" && one.Basic.FirstName == "" && one.Basic.LastName == "" || one.Type == "NPI-2" && one.Basic.OrganizationName == "" {
		return answer{}, errors.New("the answer has no name")
	}
	record := npi.Record{NPI: number, Kind: npi.Individual, First: one.Basic.FirstName, Last: one.Basic.LastName}
	if one.Type == "NPI-2" {
		record = npi.Record{NPI: number, Kind: npi.Organization, Organization: one.Basic.OrganizationName}
	}
	record.Updated, _ = civil.ParseDate(one.Basic.LastUpdated) // no date is one that is not known
	for _, a := range one.Addresses {
		if a.Purpose == "LOCATION" {
			record.Address = npi.Address{Line: a.Line, City: a.City, State: a.State, ZIP: a.ZIP}
		}
	}
	return answer{record: record, known: true}, nil
}
