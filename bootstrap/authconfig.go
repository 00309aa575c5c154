package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/httpapi"
	"surgicase/adapters/oidcauth"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// AuthConfig is how callers are identified beyond AUTH_MODE. Source: spec/decisions.md 2.
type AuthConfig struct {
	GatewaySecret    Secret    `env:"GATEWAY_SECRET" doc:"with AUTH_MODE=gateway: what the gateway sends in X-Gateway-Secret, at least 32 characters; or the secret surgicase/gateway-secret"`
	TrustedProxies   Networks  `env:"TRUSTED_PROXIES" doc:"addresses and networks, separated by commas, whose X-Forwarded-For counts; with AUTH_MODE=gateway the only ones that may call"`
	AuthIssuer       IssuerURL `env:"AUTH_ISSUER" doc:"with AUTH_MODE=token: the OpenID Connect issuer whose tokens count; without it only API tokens do"`
	AuthAudience     string    `env:"AUTH_AUDIENCE" doc:"with AUTH_ISSUER: the audience (at Cognito the client id) of tokens meant for SurgiCase"`
	AuthUserClaim    ClaimName `env:"AUTH_USER_CLAIM" envDefault:"sub" doc:"with AUTH_ISSUER: the claim that holds the user id; email counts only if it is verified"`
	SelfRegistration Switch    `env:"AUTH_SELF_REGISTRATION" envDefault:"false" doc:"with AUTH_ISSUER: true lets strangers with a valid token create their own user, inactive until a User Admin activates it"`
}

// GatewaySecretName is the secret that the gateway shares with us.
const GatewaySecretName = "surgicase/gateway-secret" //nolint:gosec // the name of a secret, not a secret

// leastSecret is the shortest secret that is accepted, in characters.
const leastSecret = 32

// Secret is a setting that prints as nothing.
type Secret struct{ text string }

// UnmarshalText takes any text that is long enough.
func (s *Secret) UnmarshalText(text []byte) error {
	if s.text = string(text); len(text) > 0 && len(text) < leastSecret {
		return holds(fmt.Sprintf("(%d characters)", len(text)), fmt.Sprintf("a secret of at least %d characters", leastSecret))
	}
	return nil
}

// String says nothing of it.
func (Secret) String() string { return "(secret)" }

// GoString is String for %#v.
func (s Secret) GoString() string { return s.String() }

// Networks is a list of addresses and networks.
type Networks struct {
	list  []netip.Prefix
	given bool
}

// UnmarshalText reads addresses and CIDR networks, separated by commas.
func (n *Networks) UnmarshalText(text []byte) error {
	for _, part := range listed(text) {
		n.given = true
		network, err := parseNetwork(part)
		if err != nil {
			return holds(string(text), "addresses and networks, such as 10.0.0.7,10.1.0.0/16, but not everybody's")
		}
		n.list = append(n.list, network)
	}
	return nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap().WithZone("")
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err == nil && network.Bits() == 0 {
		err = errors.New("everybody")
	}
	return network.Masked(), err
}

// IssuerURL is where an identity provider is. Its text is compared with the "iss" of tokens.
type IssuerURL string

// UnmarshalText reads an absolute URL without query.
func (i *IssuerURL) UnmarshalText(text []byte) error {
	*i = IssuerURL(text)
	u, err := url.Parse(string(text))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.Contains(string(text), "@") || u.RawQuery != "" || u.Fragment != "" {
		return holds(shownURL(string(text)), "an https URL, such as https://id.example.com/realms/practice")
	}
	return nil
}

// open says whether the connection to the issuer can be listened to.
func (i IssuerURL) open() bool { return strings.HasPrefix(string(i), "http://") }

func (i IssuerURL) onLoopback() bool {
	u, err := url.Parse(string(i))
	return err == nil && Address(u.Hostname()+":0").loopback()
}

// ClaimName is the name of a claim.
type ClaimName string

var claimNames = regexp.MustCompile(`^[A-Za-z0-9_:./-]{1,100}$`)

// UnmarshalText reads the name.
func (c *ClaimName) UnmarshalText(text []byte) error {
	if *c = ClaimName(text); !claimNames.Match(text) {
		return holds(string(text), "the name of a claim, such as sub, email or custom:user_id")
	}
	return nil
}

// Switch is true or false.
type Switch bool

// UnmarshalText reads the word.
func (s *Switch) UnmarshalText(text []byte) error {
	if *s = string(text) == "true"; !*s && string(text) != "false" {
		return holds(string(text), "true or false")
	}
	return nil
}

// production says whether others than a developer depend on this installation.
func (c Config) production() bool {
	return !c.HTTPAddr.loopback() || c.DatabaseURL.scheme() != "sqlite"
}

// checkAuth says what is wrong with how callers are to be identified.
func (c Config) checkAuth() ConfigFaults {
	var faults ConfigFaults
	refuse := func(is bool, variable, value, when, may string) {
		if is {
			faults = append(faults, fmt.Sprintf("%s holds %q; %s it may hold %s", variable, value, when, may))
		}
	}
	issuer, token, gateway := c.AuthIssuer, c.AuthMode == httpapi.ModeToken, c.AuthMode == httpapi.ModeGateway
	refuse(gateway && !c.TrustedProxies.given, "TRUSTED_PROXIES", "", "with AUTH_MODE=gateway", "only the addresses or networks of the gateway")
	refuse(c.AuthMode == httpapi.ModeTrusted && c.HTTPAddr != "" && !c.HTTPAddr.loopback(), "HTTP_ADDR", string(c.HTTPAddr), "with AUTH_MODE=trusted", "only a loopback address")
	refuse(token && issuer.open() && !issuer.onLoopback(), "AUTH_ISSUER", string(issuer), "on another machine", "only an https URL")
	refuse(token && issuer != "" && c.AuthAudience == "", "AUTH_AUDIENCE", "", "with AUTH_ISSUER", "only the audience of tokens meant for SurgiCase")
	refuse(bool(c.SelfRegistration) && (!token || issuer == ""), "AUTH_SELF_REGISTRATION", "true", "without AUTH_MODE=token and AUTH_ISSUER", "only false")
	return faults
}

// checkGatewaySecret looks for the gateway's secret if that takes no network.
func (c Config) checkGatewaySecret(environment map[string]string) ConfigFaults {
	if c.AuthMode != httpapi.ModeGateway || c.SecretsProvider != "env" {
		return nil
	}
	secrets, err := secretProviders["env"](c, environment)
	if err == nil {
		_, err = c.gatewaySecret(context.Background(), secrets)
	}
	if err != nil {
		return ConfigFaults{err.Error()}
	}
	return nil
}

// gatewaySecret is the secret that the gateway shares with us.
func (c Config) gatewaySecret(ctx context.Context, secrets ports.Secrets) (string, error) {
	if c.GatewaySecret.text != "" {
		return c.GatewaySecret.text, nil // its length was checked when it was read
	}
	stored, err := secrets.Get(ctx, GatewaySecretName)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return "", err
	}
	secret := strings.TrimSpace(string(stored))
	if len(secret) < leastSecret {
		return "", ConfigFaults{fmt.Sprintf("GATEWAY_SECRET holds \"\"; with AUTH_MODE=gateway it, or the secret %s, may hold only a secret of at least %d characters",
			GatewaySecretName, leastSecret)}
	}
	return secret, nil
}

// newAuth gathers what the HTTP side must know to identify callers.
func newAuth(c Config, secrets ports.Secrets) (httpapi.Auth, error) {
	auth := httpapi.Auth{
		Mode: string(c.AuthMode), TrustedProxies: c.TrustedProxies.list, Issuer: string(c.AuthIssuer), SelfRegistration: bool(c.SelfRegistration),
		GatewaySecret: func(ctx context.Context) (string, error) { return c.gatewaySecret(ctx, secrets) },
	}
	if c.AuthMode != httpapi.ModeGateway {
		return auth, nil
	}
	_, err := auth.GatewaySecret(context.Background())
	return auth, err
}

// authFindings say whether what callers are identified with is there.
func (c Config) authFindings(ctx context.Context, secrets ports.Secrets) []cli.Finding {
	switch {
	case c.AuthMode == httpapi.ModeGateway:
		_, err := c.gatewaySecret(ctx, secrets)
		return []cli.Finding{found("gateway secret", "is there", err)}
	case c.verifier() == verifyOIDC:
		return []cli.Finding{found("identity provider", "publishes keys at "+string(c.AuthIssuer), newOIDC(c, systemClock{}).Ping(ctx))}
	}
	return nil
}

// The names of the adapters of ports.Verifier.
const (
	verifyOIDC = "oidc"
	verifyNone = "none"
)

// verifier names the adapter that checks tokens of others than us.
func (c Config) verifier() string {
	if c.AuthMode == httpapi.ModeToken && c.AuthIssuer != "" {
		return verifyOIDC
	}
	return verifyNone
}

func newVerifier(c Config, clock ports.Clock) ports.Verifier {
	return verifiers[c.verifier()](c, clock)
}

func newOIDC(c Config, clock ports.Clock) *oidcauth.Verifier {
	return oidcauth.Open(oidcauth.Config{
		Issuer: string(c.AuthIssuer), Audience: c.AuthAudience, UserClaim: string(c.AuthUserClaim), Now: clock.Now,
	})
}
