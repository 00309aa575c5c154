package httpapi

import (
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// along lets a caller whom only the user_id parameter names come along to where an answer leads: without
// it the next page and what was made would ask who calls.
func along(hc huma.Context, next func(huma.Context)) {
	if who := actorOf(hc.Context()); who.Credential == credentialQuery {
		hc = accompanied{hc, string(who.User)}
	}
	next(hc)
}

// below is a context under a name that leaves its method Context to be found.
type below = huma.Context

// accompanied names the caller in the addresses that an answer leads to.
type accompanied struct {
	below
	caller string
}

// Unwrap gives the context below to what knows how to go through contexts.
func (c accompanied) Unwrap() huma.Context { return c.below }

// SetHeader implements huma.Context.
func (c accompanied) SetHeader(name, value string) { c.below.SetHeader(name, c.led(name, value)) }

// AppendHeader implements huma.Context.
func (c accompanied) AppendHeader(name, value string) {
	c.below.AppendHeader(name, c.led(name, value))
}

// led adds the caller to an address that names no user.
func (c accompanied) led(header, value string) string {
	address, rest := value, ""
	switch header {
	case "Location":
	case "Link":
		end := strings.IndexByte(value, '>')
		address, rest = value[1:end], value[end:]
	default:
		return value
	}
	to, err := url.Parse(address)
	if err != nil || to.Query().Has("user_id") {
		return value
	}
	query := to.Query()
	query.Set("user_id", c.caller)
	to.RawQuery = query.Encode()
	return value[:len(value)-len(address)-len(rest)] + to.String() + rest
}
