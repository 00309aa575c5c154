// Package bootstrap reads the configuration, wires the adapters to the use cases with fx, and turns
// events into log lines. It is the only place that knows the environment.
package bootstrap

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // PRACTICE_TIME_ZONE also on machines without a database of time zones

	"github.com/caarlos0/env/v11"

	"surgicase/adapters/httpapi"
	"surgicase/domain/civil"
	"surgicase/domain/pay"
)

// Config is everything that can be set, from the environment alone. Source: spec/decisions.md 10.
type Config struct {
	HTTPAddr        Address     `env:"HTTP_ADDR" envDefault:"127.0.0.1:8000" doc:"address to listen on"`
	DataDir         string      `env:"DATA_DIR" envDefault:"./data" doc:"folder for the SQLite database, the development keys and the checkpoints of the audit trail"`
	DatabaseURL     DatabaseURL `env:"DATABASE_URL" envDefault:"sqlite://" doc:"sqlite:// (surgicase.db in DATA_DIR), sqlite://PATH, mysql://user:password@host:3306/surgicase?tls=true, or secret (secret?tls=true): MySQL, as the secret surgicase/database says; a changed password is taken up without a restart"`
	PoolSize        Count       `env:"DB_POOL_SIZE" envDefault:"15" doc:"MySQL connections kept idle"`
	PoolOverflow    Count       `env:"DB_POOL_MAX_OVERFLOW" envDefault:"10" doc:"MySQL connections more under load"`
	PoolTimeout     Seconds     `env:"DB_POOL_TIMEOUT" envDefault:"10" doc:"seconds to wait for a MySQL connection before a 503"`
	StorageURL      StorageURL  `env:"STORAGE_URL" envDefault:"file://" doc:"where documents lie: file:// (objects in DATA_DIR), file://FOLDER, minio://key:secret@host:9000/bucket?tls=true, s3://bucket?region=us-east-1, or secret (the secret surgicase/s3-user-reports); encryption=AES256, aws:kms or none, with kms_key=…; region=… for minio, endpoint=https://… for s3"`
	MaxUploadMB     Megabytes   `env:"MAX_UPLOAD_MB" envDefault:"50" doc:"megabytes that a document may have"`
	SecretsProvider Choice      `env:"SECRETS_PROVIDER" envDefault:"env" doc:"where keys come from: env (variables, then files in DATA_DIR/keys) or aws (AWS Secrets Manager, with the credentials that AWS's own tools would use)"`
	AWSRegion       string      `env:"AWS_REGION" envDefault:"us-east-1" doc:"region of AWS Secrets Manager, Amazon SES and S3, where their URLs name none"`
	AuthMode        Choice      `env:"AUTH_MODE" doc:"how callers are identified; serve needs it: trusted (X-User-ID header, loopback only), gateway (X-User-ID header from the gateway only) or token (bearer tokens)"`
	AuthConfig
	BudgetConfig
	MailConfig
	SupportConfig
	NPIConfig
	MovingConfig
	ReportConfig
	JobConfig
	RequestTimeout Seconds `env:"REQUEST_TIMEOUT" envDefault:"30" doc:"seconds a request may take"`
	DrainSeconds   Count   `env:"DRAIN_SECONDS" envDefault:"0" doc:"seconds for which a server that was told to stop still answers while /health/ready says 503, so that a load balancer looks elsewhere first"`
	TLSCert        string  `env:"TLS_CERT_FILE" doc:"PEM file of the certificate to serve HTTPS with (TLS 1.2 and later); read again when it changes"`
	TLSKey         string  `env:"TLS_KEY_FILE" doc:"PEM file of its key"`
	RateLimit      *Count  `env:"RATE_LIMIT" doc:"requests a second from one caller (bursts of ten times that), per instance; default 50, none in trusted mode; 0 is none"`
	RateAddress    *Count  `env:"RATE_LIMIT_ADDRESS" doc:"requests a second from one address (bursts of ten times that), per instance; default 200, none in trusted mode; 0 is none"`
	Origins        Origins `env:"CORS_ORIGINS" doc:"origins that browsers may call from, separated by commas; none by default"`
	PayDay         Weekday `env:"PAY_DAY" envDefault:"Friday" doc:"day of the week on which bills are paid"`
	PayLeadDays    Lead    `env:"PAY_LEAD_DAYS" envDefault:"1" doc:"banking days of the Federal Reserve that lie between settling and the pay date, at least; from 0 to 30"`
	PayDateRoll    Choice  `env:"PAY_DATE_ROLL" envDefault:"after" doc:"where a PAY_DAY that is no banking day moves: to the banking day after it or before it"`
	PracticeZone   Zone    `env:"PRACTICE_TIME_ZONE" envDefault:"UTC" doc:"IANA name of the time zone whose calendar days stand on reports and in accounting files and by which dates are judged, such as America/New_York; times of jobs stay UTC"`
	Excluded       UserIDs `env:"EXCLUDED_ACCOUNTS" doc:"user ids that are never paid, separated by commas"`
	MetricsToken   Secret  `env:"METRICS_TOKEN" doc:"bearer token that opens /metrics and the components of /health, at least 32 characters; or the secret surgicase/metrics-token. Without one they are open on loopback, elsewhere only for Global Admins"`
	LogLevel       Choice  `env:"LOG_LEVEL" envDefault:"INFO" doc:"DEBUG, INFO, WARNING or ERROR"`

	now     func() time.Time // a test's, for how old cached secrets are
	serving bool             // logs go to standard output; of other commands that holds their answer
	looking bool             // check: nothing is made on the disk
}

// Address is host:port.
type Address string

// UnmarshalText reads host:port.
func (a *Address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return holds(string(text), "host:port, such as 127.0.0.1:8000")
	}
	*a = Address(text)
	return nil
}

// loopback says whether only programs on this machine reach the address.
func (a Address) loopback() bool {
	host, _, _ := net.SplitHostPort(string(a))
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// DatabaseURL may hold a password: it prints without it.
type DatabaseURL struct {
	url    string
	secret bool // where and who is in the secret
}

// UnmarshalText reads a URL of one of the known schemes.
func (d *DatabaseURL) UnmarshalText(text []byte) error {
	d.url = string(text)
	if name, query, _ := strings.Cut(d.url, "?"); name == "secret" {
		d.url, d.secret = "mysql://?"+query, true
	}
	if _, known := stores[d.scheme()]; !known || d.scheme() == "mysql" && !isMySQL(d.url, !d.secret) {
		return holds(shownURL(d.url), "sqlite://PATH, mysql://user:password@host:port/database?tls=true (or false, skip-verify, preferred) or secret; "+encodePassword)
	}
	return nil
}

func (d DatabaseURL) scheme() string {
	scheme, _, _ := strings.Cut(d.url, "://")
	return scheme
}

// String names the kind of database and nothing else.
func (d DatabaseURL) String() string { return d.scheme() + "://…" }

// GoString is String for %#v.
func (d DatabaseURL) GoString() string { return d.String() }

// Count is a number of things, 0 to 10,000.
type Count int

// UnmarshalText reads the number.
func (c *Count) UnmarshalText(text []byte) error { return number(text, (*int)(c), 0, 10_000) }

func (c Count) seconds() time.Duration { return time.Duration(c) * time.Second }

// Megabytes is a size, 1 to 4,096.
type Megabytes int

// UnmarshalText reads the number.
func (m *Megabytes) UnmarshalText(text []byte) error { return number(text, (*int)(m), 1, 4096) }

func (m Megabytes) bytes() int64 { return int64(m) << 20 }

// Places is a number of things that go on at once, 1 to 1,000.
type Places int

// UnmarshalText reads the number.
func (p *Places) UnmarshalText(text []byte) error { return number(text, (*int)(p), 1, 1000) }

// Seconds is a duration in whole seconds, 1 to 3,600.
type Seconds int

// UnmarshalText reads the number.
func (s *Seconds) UnmarshalText(text []byte) error { return number(text, (*int)(s), 1, 3600) }

func (s Seconds) duration() time.Duration { return time.Duration(s) * time.Second }

func number(text []byte, to *int, low, high int) error {
	var n int
	if _, err := fmt.Sscanf(string(text)+"\n", "%d\n", &n); err != nil || n < low || n > high {
		return holds(string(text), fmt.Sprintf("a whole number from %d to %d", low, high))
	}
	*to = n
	return nil
}

// Weekday is a day of the week by its English name.
type Weekday time.Weekday

// UnmarshalText reads the name in any letter case.
func (w *Weekday) UnmarshalText(text []byte) error {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(day.String(), string(text)) {
			*w = Weekday(day)
			return nil
		}
	}
	return holds(string(text), "a day of the week, such as Friday")
}

// Zone is a time zone by its IANA name.
type Zone struct{ civil.Zone }

// UnmarshalText reads the name.
func (z *Zone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil || string(text) == "Local" {
		return holds(string(text), "an IANA name, such as America/New_York, or UTC")
	}
	z.Zone = civil.ZoneOf(location)
	return nil
}

// Lead is a number of banking days.
type Lead int

// UnmarshalText reads the number.
func (l *Lead) UnmarshalText(text []byte) error { return number(text, (*int)(l), 0, maxLeadDays) }

const maxLeadDays = 30

// The values of PAY_DATE_ROLL.
const (
	rollAfter  = "after"
	rollBefore = "before"
)

// Choice is one word of a few; which ones is checked with the rest.
type Choice string

// badValue says what a variable holds and what it may hold.
type badValue struct{ holds, may string }

func holds(value, may string) error { return badValue{shownValue(value), may} }

func (b badValue) Error() string { return fmt.Sprintf("holds %q; it may hold %s", b.holds, b.may) }

// ConfigFaults are all wrong settings, one line each.
type ConfigFaults []string

func (f ConfigFaults) Error() string { return strings.Join(f, "\n") }

// LoadConfig reads the configuration from an environment and reports everything that is wrong with
// it at once. Serving needs more than other commands do.
func LoadConfig(environment map[string]string, serving bool) (Config, error) {
	c := Config{serving: serving}
	var faults ConfigFaults
	if err := env.ParseWithOptions(&c, env.Options{Environment: environment}); err != nil {
		faults = append(faults, parseFaults(err)...)
	}
	if terms, set := environment["QUICKBOOKS_TERMS"]; set && strings.TrimSpace(terms) == "" {
		c.Terms = "" // to the parser an empty value is the default
	}
	faults = append(faults, c.check(serving)...)
	if serving {
		faults = append(faults, c.checkGatewaySecret(environment)...)
	}
	if len(faults) > 0 {
		return c, faults
	}
	if c.DatabaseURL.url == "sqlite://" {
		c.DatabaseURL.url = c.ownDatabase()
	}
	c.settleStorage()
	return c, nil
}

// ownDatabase is where the database is unless something else is said.
func (c Config) ownDatabase() string { return "sqlite://" + filepath.Join(c.DataDir, "surgicase.db") }

// makeDataDir makes the folder for what is kept on this machine.
func (c Config) makeDataDir() error {
	if c.looking {
		return nil
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return ConfigFaults{fmt.Sprintf("DATA_DIR holds %q, which cannot be made: %s", c.DataDir, err)}
	}
	return nil
}

// settleStorage says where file:// without a folder is.
func (c *Config) settleStorage() {
	if c.StorageURL.url == "file://" {
		c.StorageURL.url += filepath.Join(c.DataDir, "objects")
	}
}

func parseFaults(err error) ConfigFaults {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return ConfigFaults{err.Error()}
	}
	var faults ConfigFaults
	for _, one := range all.Errors {
		var parse env.ParseError
		var bad badValue
		if errors.As(one, &parse) && errors.As(parse.Err, &bad) {
			faults = append(faults, variableOf(parse.Name)+" "+bad.Error())
			continue
		}
		faults = append(faults, one.Error())
	}
	return faults
}

func variableOf(field string) string {
	if f, ok := reflect.TypeFor[Config]().FieldByName(field); ok {
		return f.Tag.Get("env")
	}
	return field
}

func (c Config) check(serving bool) ConfigFaults {
	var faults ConfigFaults
	oneOf := func(variable string, value Choice, may ...string) {
		for _, m := range may {
			if string(value) == m {
				return
			}
		}
		faults = append(faults, variable+" "+holds(string(value), strings.Join(may, ", ")).Error())
	}
	oneOf("LOG_LEVEL", c.LogLevel, "DEBUG", "INFO", "WARNING", "ERROR")
	oneOf("BUG_TRACKER", c.BugTracker, names(trackers)...)
	oneOf("SECRETS_PROVIDER", c.SecretsProvider, names(secretProviders)...)
	oneOf("REPORT_PASSWORD", c.ReportPassword, generatedPasswords, npiPasswords)
	oneOf("PAY_DATE_ROLL", c.PayDateRoll, rollAfter, rollBefore)
	oneOf("QUICKBOOKS_TAX_ID_FORMAT", c.TaxIDFormat, "EIN", taxIDAsSSN)
	oneOf("QUICKBOOKS_BILL_DATE", c.BillDate, "operation", datedByRun)
	oneOf("QUICKBOOKS_CLASS", c.Class, "none", classCategory)
	faults = append(faults, c.checkTemplates()...)
	faults = append(faults, c.checkAccounting()...)
	faults = append(faults, c.checkNPI(serving)...)
	if serving {
		oneOf("AUTH_MODE", c.AuthMode, httpapi.ModeTrusted, httpapi.ModeGateway, httpapi.ModeToken)
		faults = append(faults, c.checkAuth()...)
		faults = append(faults, c.checkTLS()...)
	}
	return faults
}

// limits gives the rate limits: none in trusted mode, where only programs on this machine call,
// unless they are set.
func (c Config) limits() httpapi.Limits {
	l := httpapi.Limits{Caller: 50, Address: 200}
	if c.AuthMode == httpapi.ModeTrusted {
		l = httpapi.Limits{}
	}
	if c.RateLimit != nil {
		l.Caller = int(*c.RateLimit)
	}
	if c.RateAddress != nil {
		l.Address = int(*c.RateAddress)
	}
	return l
}

// present is the time by which cached secrets grow old.
func (c Config) present() time.Time {
	if c.now != nil {
		return c.now()
	}
	return systemClock{}.Now()
}

// rules gives what the practice configured about paying.
func (c Config) rules() pay.Rules {
	return pay.Rules{
		PayDay: time.Weekday(c.PayDay), LeadDays: int(c.PayLeadDays), RollBefore: c.PayDateRoll == rollBefore, Zone: c.PracticeZone.Zone, Excluded: c.Excluded,
	}
}

// Variable is a line of the configuration table.
type Variable struct{ Name, Default, Meaning string }

// Variables lists every variable, for the documentation.
func Variables() []Variable {
	var out []Variable
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if tag := field.Tag; tag.Get("env") != "" {
			out = append(out, Variable{tag.Get("env"), tag.Get("envDefault"), tag.Get("doc")})
		}
	}
	return out
}
